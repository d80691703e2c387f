"""The command line: help without heavy imports, mistakes in one line."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from streams.cli.errors import told
from streams.cli.main import COMMANDS, build
from streams.mistake import UserMistake
from streams.settings import Settings

runner = CliRunner()


def test_help_lists_every_command() -> None:
    shown = runner.invoke(build(["--help"]), ["--help"]).output
    assert all(name in shown for name in COMMANDS)


def test_help_imports_neither_faust_nor_torch_nor_kafka() -> None:
    program = "import sys; from streams.cli.main import build; build(['--help'])\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"faust", "torch", "confluent_kafka", "fastavro"} & set(loaded)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_of_its_own(name: str) -> None:
    shown = runner.invoke(build([name]), [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"Usage: root {name}" in shown.output


def test_help_says_where_to_begin() -> None:
    lines = [line.strip() for line in runner.invoke(build(["--help"]), ["--help"]).output.splitlines()]
    first = lines.index("sluicegate up")
    assert "sluicegate init" in lines[first + 1 : first + 3]
    assert "docs/configuration.md" in " ".join(lines)


@pytest.mark.parametrize("name", ["send", "tail", "find", "init", "worker", "kafka-tool"])
def test_help_has_examples_that_can_be_typed(name: str) -> None:
    lines = [line.strip() for line in runner.invoke(build([name]), [name, "--help"]).output.splitlines()]
    assert any(line.startswith(f"sluicegate {name} ") or f"| sluicegate {name} " in line for line in lines), lines


def test_help_after_the_name_of_a_tool_is_the_tools_own(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr("streams.stack.tools.run", lambda name, words, _settings: became.append([name, *words]))
    assert runner.invoke(build(["kafka-tool"]), ["kafka-tool", "topics", "--help"]).exit_code == 0
    assert became == [["topics", "--help"]]


def test_an_unknown_command_is_a_mistake() -> None:
    assert runner.invoke(build(["worked"]), ["worked"]).exit_code == 2


def test_a_users_mistake_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end, told():
        raise UserMistake("port 9092 is in use: take another")
    assert end.value.code == 2
    assert capsys.readouterr().err == "sluicegate: port 9092 is in use: take another\n"


def test_wrong_settings_are_named_with_place_and_value(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICEGATE_STACK__KAFKA_PORT", "many")
    with pytest.raises(SystemExit) as end, told():
        Settings()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "stack.kafka_port" in said
    assert "'many'" in said


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), told():
        raise ZeroDivisionError


def test_a_property_that_librdkafka_refuses_is_a_line_with_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    from confluent_kafka import Producer

    with pytest.raises(SystemExit) as end, told():
        Producer({"security.protocol": "SASL"})
    assert end.value.code == 1
    assert "security.protocol" in (said := capsys.readouterr().err)
    assert "mend it in kafka.properties" in said


def test_no_kafka_is_a_line_with_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    from confluent_kafka import KafkaError, KafkaException

    with pytest.raises(SystemExit) as end, told():
        raise KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert end.value.code == 1
    assert "no Kafka answers" in (said := capsys.readouterr().err)
    assert "sluicegate up" in said
