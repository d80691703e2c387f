"""Settings that can't be meant are refused, each with its cure."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from streams import connections
from streams.binding import bind
from streams.cli.errors import told
from streams.cli.lanes import named
from streams.fixed_properties import CONSUMER, PRODUCER
from streams.mistake import UserMistake
from streams.settings import KafkaSettings, LaneSettings, Settings


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("SLUICEGATE_SETTINGS", str(path))
    return path


def test_the_file_is_read_and_the_environment_wins(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file.write_text('[kafka]\nbootstrap_servers = "file:1"\n[topics]\npartitions = 7\n')
    monkeypatch.setenv("SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS", "environment:1")
    settings = Settings()
    assert (settings.kafka.bootstrap_servers, settings.topics.partitions) == ("environment:1", 7)


def test_a_settings_file_that_was_named_must_be_there(settings_file: Path) -> None:
    with pytest.raises(UserMistake, match=r"names .*settings\.toml, where no file is"):
        Settings()
    settings_file.mkdir()
    with pytest.raises(UserMistake, match="where no file is"):
        Settings()


def test_a_file_that_is_no_toml_is_told_with_the_line(settings_file: Path) -> None:
    settings_file.write_text("[kafka]\na = = b\n")
    with pytest.raises(UserMistake, match=r"is not TOML: .*line 2"):
        Settings()
    settings_file.write_bytes(b"\xff\xfe")
    with pytest.raises(UserMistake, match="can't be read"):
        Settings()


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("SLUICEGATE_KAKFA__BOOTSTRAP_SERVERS", "there is no setting 'kakfa'; there are: kafka, registry"),
        ("SLUICEGATE_KAFKA_BOOTSTRAP_SERVERS", "write SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS"),
        ("sluicegate_worker_slot", "write SLUICEGATE_WORKER__SLOT"),
    ],
)
def test_a_variable_that_would_set_nothing_is_refused(name: str, cure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(UserMistake, match=cure):
        Settings()


@pytest.mark.parametrize("name", ["SLUICEGATE_SERVICE_HOST", "SLUICEGATE_KAFKA_PORT", "SLUICEGATE_FAILPOINTS"])
def test_variables_that_others_set_do_no_harm(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert Settings().kafka == KafkaSettings()


def test_a_value_that_is_no_json_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLUICEGATE_KAFKA", "oops")
    with pytest.raises(SystemExit), told():
        Settings()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "kafka" in said
    assert "JSON" in said


def test_settings_of_a_lane_that_does_not_exist_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.settings.load", lambda: Settings(lanes={"embd": LaneSettings(slots=3)}))
    with pytest.raises(UserMistake, match=r"lanes\.embd: there is no such lane; there are digits"):
        named(["echo"])


@pytest.mark.parametrize("port", [0, 65_536])
@pytest.mark.parametrize("name", ["kafka_port", "controller_port", "registry_port"])
def test_a_port_is_a_port(name: str, port: int) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({"stack": {name: port}})


def test_a_web_port_is_a_port() -> None:
    with pytest.raises(ValidationError, match="web_port"):
        Settings.model_validate({"worker": {"web_port": 65_536}})


@pytest.mark.parametrize("name", [*CONSUMER, *PRODUCER, "bootstrap.servers"])
def test_what_exactly_once_stands_on_cannot_be_set(name: str) -> None:
    places: list[dict[str, Any]] = [{"kafka": {"properties": {name: "x"}}}]
    if name in CONSUMER:
        places += [{"kafka": {"consumer": {name: "x"}}}, {"lanes": {"echo": {"consumer": {name: "x"}}}}]
    if name in PRODUCER:
        places += [{"kafka": {"producer": {name: "x"}}}, {"lanes": {"echo": {"producer": {name: "x"}}}}]
    for place in places:
        with pytest.raises(ValidationError, match=f"{name} can't be set here"):
            Settings.model_validate(place)


def test_every_property_that_would_be_overwritten_is_refused() -> None:
    loud = {"x.y": "kept"}
    settings = Settings(
        kafka=KafkaSettings.model_construct(
            **{**KafkaSettings().model_dump(), "consumer": loud | CONSUMER, "producer": loud | PRODUCER}
        )
    )
    binding = bind(settings, "echo")
    clients = [
        (connections.member(settings, binding, 0), loud | CONSUMER),
        (connections.reader(settings, binding), loud | CONSUMER),
        (connections.transactional(settings, binding, "id"), loud | PRODUCER),
    ]
    overwritten = {name for client, given in clients for name, value in given.items() if client[name] != value}
    assert overwritten == set(CONSUMER) | set(PRODUCER)
