"""The ACLs that `sluicegate init --print` shows are enough, on a broker that refuses everything else."""

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from streams.client import Client, NotAllowed
from streams.provisioning.permissions import CLIENT, OPERATOR, WORKER
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import Settings
from streams.stack.testing import StackForTests
from tests.integration.provisioning.secured_broker import ADMIN, SecuredBroker, as_user

SLUICEGATE = str(Path(sys.executable).with_name("sluicegate"))
RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional_id": ResourceType.TRANSACTIONAL_ID,
}


@pytest.fixture
def broker(stack: StackForTests, tmp_path: Path) -> Iterator[SecuredBroker]:
    with SecuredBroker(stack, tmp_path, [WORKER, CLIENT, OPERATOR]) as started:
        yield started


def printed(settings: Settings) -> list[AclBinding]:
    """What the printed lines mean, read as Kafka's own tool reads them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--operation", action="append")
    for option in ("--bootstrap-server", "--allow-principal", "--resource-pattern-type"):
        parser.add_argument(option, required=True)
    for resource in RESOURCES:
        parser.add_argument(f"--{resource.replace('_', '-')}", dest=resource)
    shown = sluicegate(settings, "init", "--print", "--only", "echo").stdout.splitlines()
    prefix = "sluicegate kafka-tool acls "
    return [
        binding
        for line in shown
        if line.startswith(prefix)
        for binding in bindings(parser.parse_args(shlex.split(line.removeprefix(prefix))))
    ]


def bindings(line: argparse.Namespace) -> Iterator[AclBinding]:
    """One for each operation of a line."""
    (resource,) = (name for name in RESOURCES if getattr(line, name) is not None)
    pattern = ResourcePatternType[line.resource_pattern_type.upper()]
    for word in line.operation:
        operation = AclOperation["DESCRIBE_CONFIGS" if word == "DescribeConfigs" else word.upper()]
        name, who = getattr(line, resource), line.allow_principal
        yield AclBinding(RESOURCES[resource], name, pattern, who, "*", operation, AclPermissionType.ALLOW)


def environment(settings: Settings) -> dict[str, str]:
    """The variables of a process that has these settings."""
    return {
        **os.environ,
        "SLUICEGATE_KAFKA": settings.kafka.model_dump_json(exclude_defaults=True),
        "SLUICEGATE_REGISTRY__URL": settings.registry.url,
        "SLUICEGATE_STACK__DIRECTORY": str(settings.stack.directory),
        "SLUICEGATE_STACK__JARS": str(settings.stack.jars),
        "SLUICEGATE_LANES": json.dumps({"echo": settings.lane("echo").model_dump(mode="json", exclude_defaults=True)}),
    }


def sluicegate(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SLUICEGATE, *words], env=environment(settings), capture_output=True, text=True, timeout=60, check=False
    )


async def test_a_lane_a_client_and_an_operator_need_no_more_than_what_is_printed(
    broker: SecuredBroker, tmp_path: Path
) -> None:
    worker, client, operator = (as_user(broker.settings, user) for user in (WORKER, CLIENT, OPERATOR))
    administrator = as_user(broker.settings, ADMIN)
    provision(administrator, plan_for(administrator, ["echo"]))
    with pytest.raises(NotAllowed):
        await Client(client).start()
    for done in broker.admin.create_acls(printed(administrator)).values():
        done.result(10)
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        command = [SLUICEGATE, "worker", "--only", "echo", "--slot", "0"]
        running = psutil.Popen(command, env=environment(worker), stdout=output, stderr=output)
    try:
        async with Client(client) as asking:
            result = await asking.infer("echo", {"request_id": "allowed", "payload": b"hi"})
        assert result["payload"] == b"hi", log.read_text()
    finally:
        running.kill()
        running.wait()
    for words in (["partitions", "list"], ["dead-letters", "list"]):
        listed = sluicegate(operator, *words)
        assert listed.returncode == 0, listed.stderr
    assert "AUTHORIZATION" not in log.read_text()
