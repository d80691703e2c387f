"""`sluicegate up`, `down` and `status` as a user runs them, with the real Kafka and registry."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from streams.mistake import UserMistake
from streams.settings import StackSettings
from streams.stack import lifecycle, service
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests

SLUICEGATE = str(Path(sys.executable).parent / "sluicegate")


def sluicegate(stack: StackForTests, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line against this stack."""
    environment = {**os.environ, **stack.environment}
    return subprocess.run([SLUICEGATE, *words], env=environment, capture_output=True, text=True, check=False)


def services(stack: StackForTests) -> list[dict[str, Any]]:
    """What `status` says of Kafka and the registry."""
    said = json.loads(sluicegate(stack, "status", "--json").stdout)
    assert said["workers"] == []
    return list(said["services"])


@pytest.fixture
def fresh(tmp_path: Path, stack: StackForTests) -> Iterator[StackForTests]:
    """Another stack, never started, whatever becomes of it gone at the end."""
    jars = stack.settings.stack.jars
    assert jars is not None
    other = StackForTests.on_free_ports(tmp_path, jars)
    yield other
    other.discard()


def changed(stack: StackForTests, **changes: object) -> StackForTests:
    """The same stack with other settings."""
    changed_stack = StackSettings.model_validate({**stack.settings.stack.model_dump(), **changes})
    return StackForTests(stack.settings.model_copy(update={"stack": changed_stack}))


def test_up_twice_at_once_starts_one_stack_and_down_ends_it(fresh: StackForTests) -> None:
    ends: list[subprocess.CompletedProcess[str]] = []
    both = [threading.Thread(target=lambda: ends.append(sluicegate(fresh, "up"))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [end.returncode for end in ends] == [0, 0], [end.stderr for end in ends]
    rows = services(fresh)
    assert [row["healthy"] for row in rows] == [True, True]
    pids = {row["pid"] for row in rows}
    again = sluicegate(fresh, "up")
    assert again.returncode == 0
    assert {row["pid"] for row in services(fresh)} == pids
    assert sluicegate(fresh, "down").returncode == 0
    assert sluicegate(fresh, "status").returncode == 1
    assert sluicegate(fresh, "down").stderr.strip() == "nothing was running"


def test_a_port_in_use_is_told_and_nothing_is_left_running(fresh: StackForTests) -> None:
    port = fresh.settings.stack.registry_port
    with socket.create_server(("127.0.0.1", port)):
        ended = sluicegate(fresh, "up")
    assert ended.returncode == 2
    assert f"port {port} is in use" in ended.stderr
    assert "stack.registry_port (SLUICEGATE_STACK__REGISTRY_PORT)" in ended.stderr
    assert service.find("kafka", Layout.of(fresh.settings.stack).root) is None


def test_a_service_that_ends_while_it_starts_is_told_with_its_last_words(fresh: StackForTests) -> None:
    hungry = changed(fresh, kafka_heap="1k")
    with pytest.raises(UserMistake, match=r"kafka ended while it started: .*heap.*more in .*kafka\.log"):
        hungry.up()
    assert [state.running for state in lifecycle.status(hungry.settings)] == [False, False]


def test_a_stack_that_is_not_ready_in_time_is_stopped_again(fresh: StackForTests) -> None:
    hurried = changed(fresh, start_seconds=0.2)
    with pytest.raises(UserMistake, match=r"not ready after 0\.2 s"):
        hurried.up()
    assert [state.running for state in lifecycle.status(hurried.settings)] == [False, False]


def test_a_running_stack_on_other_ports_is_not_started_twice(stack: StackForTests) -> None:
    moved = changed(stack, kafka_port=stack.settings.stack.kafka_port + 1)
    with pytest.raises(UserMistake, match=r"kafka runs on port \d+, but the settings say \d+: run `sluicegate down`"):
        moved.up()
    assert all(state.healthy for state in lifecycle.status(stack.settings))


def test_both_listen_on_this_machine_only(stack: StackForTests) -> None:
    for state in lifecycle.status(stack.settings):
        assert state.pid is not None
        listening = psutil.Process(state.pid).net_connections("tcp")
        places = {one.laddr.ip for one in listening if one.status == "LISTEN"}
        assert places <= {"127.0.0.1", "::ffff:127.0.0.1"}
