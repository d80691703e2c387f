"""What kafka-tool tells Kafka's own tools of a log-in, and how: never as an argument."""

import subprocess
import sys
from pathlib import Path

import pytest

from streams.mistake import UserMistake
from streams.settings import KafkaSettings, Settings, StackSettings
from streams.stack import programs, tools
from streams.stack.java_login import as_file, handed_over, java_properties

LOGIN = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "somebody",
    "sasl.password": 'a"b\\c',
    "ssl.ca.location": "/etc/ca.pem",
    "socket.keepalive.enable": "true",
}


def test_a_log_in_is_translated() -> None:
    assert java_properties(LOGIN) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="somebody" password="a\\"b\\\\c";',
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": "/etc/ca.pem",
    }
    assert java_properties({"socket.keepalive.enable": "true"}) == {}


@pytest.mark.parametrize("given", [{"ssl.key.location": "x"}, {"sasl.mechanism": "GSSAPI"}])
def test_what_can_not_be_translated_is_said(given: dict[str, str]) -> None:
    with pytest.raises(UserMistake, match="--command-config"):
        java_properties(given)


def test_java_reads_the_file_as_it_was_meant() -> None:
    assert as_file({"name": 'a\\"b'}) == 'name=a\\\\"b\n'


def test_the_file_is_read_by_the_program_that_this_becomes() -> None:
    code = "import os, sys; from streams.stack.java_login import handed_over; p = handed_over('secret words'); "
    code += "os.execv('/bin/cat', ['cat', p])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "secret words"
    assert Path(handed_over("x")).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(programs, "java", lambda: "java")
    stack = StackSettings(directory=tmp_path, engine="java")
    return Settings(stack=stack, kafka=KafkaSettings(bootstrap_servers="broker:9092", properties=LOGIN))


@pytest.mark.parametrize(
    ("tool", "option"),
    [
        ("topics", "--command-config"),
        ("console-consumer", "--consumer.config"),
        ("console-producer", "--producer.config"),
        ("cluster", "--config"),
    ],
)
def test_each_tool_is_told_by_a_file(settings: Settings, tool: str, option: str) -> None:
    command = tools.command(tool, ["words"], settings)
    assert (command.index(option) > command.index("words")) == (tool == "cluster")
    path = Path(command[command.index(option) + 1])
    assert "ScramLoginModule" in path.read_text()
    assert not any("a" + '"' + "b" in word for word in command)


@pytest.mark.parametrize("arguments", [["--command-config", "mine"], ["--help"]])
def test_a_users_own_file_is_not_overruled(settings: Settings, arguments: list[str]) -> None:
    assert tools.command("topics", arguments, settings).count("--command-config") == arguments.count("--command-config")


def test_a_container_gets_no_log_in(settings: Settings) -> None:
    docker = settings.stack.model_copy(update={"engine": "docker"})
    with pytest.raises(UserMistake, match="from Java alone"):
        tools.command("topics", [], settings.model_copy(update={"stack": docker}))
