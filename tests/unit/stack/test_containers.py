"""On a machine with Docker alone, the same calls go to docker compose; here to one that only writes them down."""

import json
from pathlib import Path

import pytest

from streams.mistake import UserMistake
from streams.settings import KafkaSettings, Settings, StackSettings, override
from streams.stack import compose, containers, lifecycle, registry, tools

DOCKER = """#!/bin/sh
echo "$@" >> {folder}/calls
case "$*" in *" ps "*) cat {folder}/ps 2>/dev/null;; esac
if [ -f {folder}/fail ]; then echo "pull access denied" >&2; exit 1; fi
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the false docker, which is all that is on the path beside the shell."""
    script = tmp_path / "docker"
    script.write_text(DOCKER.format(folder=tmp_path))
    script.chmod(0o755)
    (tmp_path / "cat").symlink_to("/bin/cat")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    """Settings of a stack in this folder, its engine left to be found."""
    return Settings(stack=StackSettings(directory=folder / "stack", start_seconds=5))


def calls(folder: Path) -> list[str]:
    """What docker was asked, without the part that is always there."""
    lines = (folder / "calls").read_text().splitlines()
    return [line.partition("compose.json ")[2] for line in lines]


def test_up_starts_the_document_and_waits(settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "guard_compatibility", lambda _port, _secrets: None)
    lifecycle.up(settings)
    assert calls(folder)[0] == "up --detach --wait --wait-timeout 5"
    assert json.loads((folder / "stack" / "compose.json").read_text()) == compose.document(settings)


def test_what_docker_says_is_the_message(settings: Settings, folder: Path) -> None:
    (folder / "fail").touch()
    with pytest.raises(UserMistake, match="docker compose up failed: pull access denied"):
        lifecycle.up(settings)


@pytest.mark.parametrize("array", [True, False])
def test_status_and_down_read_both_of_dockers_formats(settings: Settings, folder: Path, array: bool) -> None:
    rows = [{"Service": "kafka", "State": "running"}, {"Service": "registry", "State": "exited"}]
    (folder / "ps").write_text(json.dumps(rows) if array else "\n".join(json.dumps(row) for row in rows))
    assert [state.running for state in lifecycle.status(settings)] == [True, False]
    assert lifecycle.down(settings) == ["kafka", "registry"]
    assert calls(folder)[-1] == "down"


def test_down_with_nothing_running_stops_nothing(settings: Settings, folder: Path) -> None:
    assert lifecycle.down(settings) == []
    assert calls(folder) == ["ps --format json"]


def test_two_directories_are_two_projects(settings: Settings, folder: Path) -> None:
    other = Settings(stack=StackSettings(directory=folder / "other"))
    assert containers.command(settings)[3] != containers.command(other)[3]


def test_kafkas_tools_run_in_the_container(settings: Settings) -> None:
    line = tools.command("topics", ["--list"], settings)
    script = "kafka /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:19092 --list"
    assert " ".join(line).endswith(f"exec --no-TTY {script}")


def test_kafkas_tools_reach_another_cluster_from_the_container(settings: Settings) -> None:
    theirs = override(settings, {"kafka": KafkaSettings(bootstrap_servers="kafka.example:9092")})
    line = tools.command("topics", ["--list"], theirs)
    assert " ".join(line).endswith("--bootstrap-server kafka.example:9092 --list")
