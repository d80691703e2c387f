import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streams.state.checkpoint import Checkpoint, Identity, Unusable, open_checkpoint, write_checkpoint

IDENTITY = Identity("state", "ledger.requests", 3, "cluster/topic-id")
BLOCKS = [b"first", b"x" * 100_000, b"last"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = IDENTITY.path(tmp_path)
    write_checkpoint(path, IDENTITY, 42, 1_700_000_000_000, BLOCKS)
    return path


def reason(path: Path, identity: Identity = IDENTITY) -> str:
    found = open_checkpoint(path, identity)
    assert isinstance(found, Unusable)
    return found.reason


def read(path: Path) -> list[bytes]:
    found = open_checkpoint(path, IDENTITY)
    assert isinstance(found, Checkpoint)
    with found:
        return list(found.blocks())


def test_a_checkpoint_comes_out_as_it_was_written(path: Path) -> None:
    found = open_checkpoint(path, IDENTITY)
    assert isinstance(found, Checkpoint)
    with found:
        assert (found.offset, found.written_at_ms) == (42, 1_700_000_000_000)
        assert list(found.blocks()) == BLOCKS
        assert list(found.blocks()) == BLOCKS


def test_its_size_is_returned_and_nothing_else_is_left(path: Path) -> None:
    size = write_checkpoint(path, IDENTITY, 43, 0, BLOCKS)
    assert path.stat().st_size == size
    assert list(path.parent.iterdir()) == [path]


def test_one_without_blocks_or_with_empty_ones_is_whole(path: Path) -> None:
    write_checkpoint(path, IDENTITY, 0, 0, [])
    assert read(path) == []
    write_checkpoint(path, IDENTITY, 0, 0, [b"", b"a", b"", b"b"])
    assert read(path) == [b"a", b"b"]


def test_none_is_missing_and_that_is_ordinary(tmp_path: Path) -> None:
    assert open_checkpoint(tmp_path / "none", IDENTITY) == Unusable("there is no checkpoint", missing=True)


@pytest.mark.parametrize("change", [{"kind": "repeats"}, {"topic": "other"}, {"partition": 4}, {"origin": "new"}])
def test_one_of_another_changelog_is_ignored(path: Path, change: dict[str, object]) -> None:
    assert "it is of {" in reason(path, replace(IDENTITY, **change))  # type: ignore[arg-type]


def test_one_that_is_torn_anywhere_is_ignored(path: Path) -> None:
    write_checkpoint(path, IDENTITY, 42, 0, [b"block"])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert reason(path).startswith(("it is torn", "it is no checkpoint"))


def test_one_with_any_byte_changed_is_ignored(path: Path) -> None:
    write_checkpoint(path, IDENTITY, 42, 0, [b"block"])
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        assert isinstance(open_checkpoint(path, IDENTITY), Unusable)


def test_bytes_left_over_are_noticed(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
    assert "digest does not hold" in reason(path)


def test_a_foreign_file_and_another_version_are_told_apart(path: Path) -> None:
    path.write_bytes(b"{}" * 100)
    assert reason(path) == "it is no checkpoint: its first bytes are others"
    path.write_bytes(b"SLUICEC\x07" + b"\0" * 100)
    assert reason(path) == "it is of version 7, not 1"


def test_what_can_not_be_opened_is_ignored(tmp_path: Path) -> None:
    assert reason(tmp_path).startswith(("it can't be opened", "it can't be read"))


def test_a_failed_write_leaves_the_one_before(path: Path) -> None:
    def failing() -> Iterator[bytes]:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(path, IDENTITY, 99, 0, failing())
    assert read(path) == BLOCKS
    assert list(path.parent.iterdir()) == [path]


def test_the_remains_of_a_killed_writer_do_no_harm(path: Path) -> None:
    path.with_name(path.name + ".partial").write_bytes(b"half of somethi" * 100_000)
    write_checkpoint(path, IDENTITY, 43, 0, [b"new"])
    assert read(path) == [b"new"]
    assert list(path.parent.iterdir()) == [path]


def test_one_that_is_open_stays_as_it_is_when_replaced(path: Path) -> None:
    found = open_checkpoint(path, IDENTITY)
    assert isinstance(found, Checkpoint)
    with found:
        write_checkpoint(path, IDENTITY, 43, 0, [b"new"])
        assert list(found.blocks()) == BLOCKS


def test_bytes_are_on_the_disk_before_the_name_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, move = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        steps.append("sync")
        sync(descriptor)

    def replace_path(source: Path, target: Path) -> Path:
        steps.append("replace")
        return move(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace_path)
    write_checkpoint(path, IDENTITY, 43, 0, BLOCKS)
    assert steps == ["sync", "replace", "sync"]


def test_a_changelog_that_can_not_go_on_from_it_is_noticed(path: Path) -> None:
    found = open_checkpoint(path, IDENTITY)
    assert isinstance(found, Checkpoint)
    with found:
        assert found.misfit(end=42) is None
        assert found.misfit(end=100, start=42, oldest_ms=1_700_000_000_000) is None
        assert found.misfit(end=41) == "it ends at offset 42, the changelog already at 41: that was cut or made anew"
        assert "what is between is lost" in str(found.misfit(end=100, start=43))
        assert "60 s older than tombstones" in str(found.misfit(end=100, oldest_ms=1_700_000_060_000))
