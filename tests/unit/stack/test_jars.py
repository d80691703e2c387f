"""The jars are fetched once; a Maven that fails is a clear line."""

from pathlib import Path

import pytest

from streams.mistake import UserMistake
from streams.stack import jars


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven that downloads one file, or fails when a file says so; counts its runs."""
    script = tmp_path / "mvn"
    script.write_text(
        f"#!/bin/sh\necho run >> {tmp_path}/runs\n"
        "echo 'Downloaded from central: https://example.test/maven2/org/a/1/a-1.jar (25 kB at 1.6 MB/s)'\n"
        f"if [ -f {tmp_path}/fail ]; then echo '[ERROR] unknown host'; exit 1; fi\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def runs(maven: Path) -> int:
    """How often Maven ran."""
    return len((maven / "runs").read_text().splitlines())


def test_they_are_fetched_once_and_each_file_reported(maven: Path) -> None:
    reported: list[str] = []
    for _ in range(2):
        jars.fetch(maven / "jars", reported.append)
    assert reported == ["a-1.jar (25 kB at 1.6 MB/s)"]
    assert runs(maven) == 1


def test_another_pom_fetches_again(maven: Path) -> None:
    jars.fetch(maven / "jars", lambda _line: None)
    jars.stamp(maven / "jars").write_text("another")
    jars.fetch(maven / "jars", lambda _line: None)
    assert runs(maven) == 2


def test_a_failed_fetch_says_why_and_is_tried_again(maven: Path) -> None:
    (maven / "fail").touch()
    with pytest.raises(UserMistake, match=r"Maven could not fetch the jars .*\[ERROR\] unknown host"):
        jars.fetch(maven / "jars", lambda _line: None)
    (maven / "fail").unlink()
    jars.fetch(maven / "jars", lambda _line: None)
    assert runs(maven) == 2
