"""A missing or old program is one line that says what to install."""

from pathlib import Path

import pytest

from streams.mistake import UserMistake
from streams.stack import programs


def install(folder: Path, name: str, text: str = "") -> None:
    """Put a program on the path that prints this on standard error."""
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{text}' >&2\n")
    script.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_missing_java_names_the_package(path: Path) -> None:
    with pytest.raises(UserMistake, match=r"Java is missing: install .*openjdk-17"):
        programs.java()


@pytest.mark.parametrize("shown", ['java version "1.8.0_412"', 'openjdk version "11.0.23" 2024-04-16'])
def test_old_java_says_which_and_where(path: Path, shown: str) -> None:
    install(path, "java", shown)
    with pytest.raises(UserMistake, match=r"Java (8|11) at .* is too old: install Java 17"):
        programs.java()


@pytest.mark.parametrize("shown", ['openjdk version "17.0.15" 2025-04-15', 'openjdk version "25" 2025-09-16'])
def test_java_17_and_newer_will_do(path: Path, shown: str) -> None:
    install(path, "java", shown)
    assert programs.java() == str(path / "java")


def test_something_that_is_not_java_is_told(path: Path) -> None:
    install(path, "java", "no such thing")
    with pytest.raises(UserMistake, match="'no such thing'"):
        programs.java()


def test_missing_maven_and_docker_name_what_to_install(path: Path) -> None:
    with pytest.raises(UserMistake, match="Maven is missing: install it"):
        programs.maven()
    with pytest.raises(UserMistake, match="Docker is missing: install it"):
        programs.docker()


@pytest.mark.parametrize(
    ("installed", "engine"),
    [
        (["java", "mvn", "docker"], "java"),
        (["java", "mvn"], "java"),
        (["docker"], "docker"),
        (["java", "docker"], "docker"),
        (["java"], "java"),
    ],
)
def test_the_engine_is_java_with_maven_before_docker(path: Path, installed: list[str], engine: str) -> None:
    for name in installed:
        install(path, name)
    assert programs.engine("auto") == engine


def test_a_machine_with_neither_is_told_both_ways(path: Path) -> None:
    with pytest.raises(
        UserMistake, match=r"neither Java nor Docker is installed: install Java 17 and Maven .* or Docker"
    ):
        programs.engine("auto")


def test_a_chosen_engine_is_not_second_guessed(path: Path) -> None:
    assert programs.engine("docker") == "docker"
