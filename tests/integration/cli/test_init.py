"""`sluicegate init --print` as a process of its own, without any Kafka."""

import json
import os
import subprocess
import sys
from pathlib import Path

SLUICEGATE = str(Path(sys.executable).with_name("sluicegate"))
NOWHERE = {
    "SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "SLUICEGATE_REGISTRY__URL": "http://127.0.0.1:1/apis/ccompat/v7",
}


def sluicegate(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **NOWHERE, **more}
    return subprocess.run([SLUICEGATE, *arguments], capture_output=True, text=True, timeout=60, env=environment)


def test_print_shows_topics_acls_and_schemas_without_a_cluster() -> None:
    shown = sluicegate("init", "--print", "--only", "echo")
    assert shown.returncode == 0
    for part in (
        "sluicegate.echo.requests: cleanup.policy=delete retention.ms=604800000",
        "compression.type=uncompressed",
        "--transactional-id sluicegate.echo- --resource-pattern-type prefixed",
        "set the compatibility of sluicegate.echo.requests-value to BACKWARD",
    ):
        assert part in shown.stdout
    assert "digits" not in shown.stdout


def test_print_as_json_is_for_programs() -> None:
    plan = json.loads(sluicegate("init", "--print", "--json", "--only", "echo,digits").stdout)
    assert {"topics", "acls", "schemas"} == set(plan)
    assert {"sluicegate.echo.requests", "sluicegate.digits.repeats"} <= {topic["name"] for topic in plan["topics"]}


def test_a_wrong_lane_is_one_line_and_exit_code_2() -> None:
    told = sluicegate("init", "--print", "--only", "ecko")
    assert told.returncode == 2
    lanes = "digits, echo, embed, ledger, index, sagas"
    assert told.stderr.splitlines() == [f"sluicegate: --only ecko: there is no such lane; there are {lanes}"]


def test_names_that_cannot_work_are_one_line() -> None:
    told = sluicegate("init", "--print", SLUICEGATE_DEAD_LETTERS="no topic")
    assert told.returncode != 0
    assert "'no topic' is no legal topic name" in told.stderr
    assert "Traceback" not in told.stderr


def test_worker_and_supervise_explain_themselves_without_faust() -> None:
    for command in ("worker", "supervise", "schemas", "partitions", "init"):
        shown = sluicegate(command, "--help")
        assert shown.returncode == 0, shown.stderr
        assert "Usage: sluicegate " + command in shown.stdout
