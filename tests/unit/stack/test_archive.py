"""Class archives: used when there is one, written when there is none, kept only when they are whole."""

from pathlib import Path

import pytest

from streams.stack import archive
from streams.stack.layout import Layout


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A stack's folders, and a Java of its own."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'version \"17.0.1\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return Layout(tmp_path / "root", tmp_path)


def test_without_an_archive_one_is_written_and_kept_for_the_next_start(layout: Layout) -> None:
    (asked,) = archive.arguments("kafka", layout)
    written = Path(asked.removeprefix("-XX:ArchiveClassesAtExit="))
    written.write_text("classes")
    archive.keep("kafka", layout)
    (used,) = archive.arguments("kafka", layout)
    assert Path(used.removeprefix("-XX:SharedArchiveFile=")).read_text() == "classes"
    assert not written.exists()


def test_what_a_killed_service_wrote_is_dropped(layout: Layout) -> None:
    archive.fresh("kafka", layout).write_text("half of the cla")
    archive.drop("kafka", layout)
    archive.keep("kafka", layout)
    assert not archive.is_kept("kafka", layout)


def test_another_java_has_another_archive(layout: Layout) -> None:
    before = archive.finished("kafka", layout)
    java = layout.jars / "java"
    java.write_text(java.read_text() + "# upgraded\n")
    assert archive.finished("kafka", layout) != before


def test_two_stacks_that_share_jars_do_not_write_the_same_file(layout: Layout) -> None:
    other = Layout(layout.root / "other", layout.jars)
    assert archive.fresh("kafka", layout) != archive.fresh("kafka", other)
    assert archive.finished("kafka", layout) == archive.finished("kafka", other)
