"""Kafka's own tools run from the jars, with the cluster's address filled in."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from streams.stack import tools
from streams.stack.testing import StackForTests

SLUICEGATE = str(Path(sys.executable).parent / "sluicegate")


def tool(stack: StackForTests, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run `sluicegate kafka-tool` against the session's stack."""
    environment = {**os.environ, **stack.environment}
    command = [SLUICEGATE, "kafka-tool", *words]
    return subprocess.run(command, env=environment, input=said, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("cluster", "cluster-id"), "Cluster ID:"),
        (("transactions", "list"), "TransactionalId"),
        (("features", "describe"), "transaction.version"),
        (("metadata-quorum", "describe", "--status"), "LeaderId"),
        (("topics", "--list"), "kafkasql-journal"),
    ],
)
def test_a_tool_finds_the_cluster_by_itself(stack: StackForTests, words: tuple[str, ...], expected: str) -> None:
    ended = tool(stack, *words)
    assert ended.returncode == 0, ended.stderr
    assert expected in ended.stdout


def test_what_the_console_producer_is_told_the_console_consumer_says(stack: StackForTests) -> None:
    topic = stack.new_topic("tools")
    assert tool(stack, "console-producer", "--topic", topic, said="one\ntwo\n").returncode == 0
    reader = ("console-consumer", "--topic", topic, "--from-beginning", "--max-messages", "2")
    ended = tool(stack, *reader, "--bootstrap-server", stack.bootstrap)
    assert ended.stdout == "one\ntwo\n", ended.stderr


def test_a_tools_exit_code_is_the_commands_own(stack: StackForTests) -> None:
    assert tool(stack, "topics", "--describe", "--topic", "there-is-none").returncode == 1
    assert tool(stack, "console-printer").returncode == 2


def test_every_tool_is_in_the_jars(stack: StackForTests) -> None:
    assert stack.settings.stack.jars is not None
    held: set[str] = set()
    for jar in (stack.settings.stack.jars / "kafka").glob("kafka*.jar"):
        held.update(zipfile.ZipFile(jar).namelist())
    missing = [name for name, place in tools.TOOLS.items() if place.replace(".", "/") + ".class" not in held]
    assert missing == []
