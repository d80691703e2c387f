"""A checkpoint: what a partition had committed, in a local file, with the changelog offset to go on from.

    magic and version 8 | length of the header 4 | header: JSON | blocks: length 4, bytes | 0000 | digest 16

What the blocks hold is their owner's business. A file counts only if its digest is right and it is of the
very changelog that is asked for; any other is as good as none, for the changelog has everything. Integers are
little-endian.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import IO, Any, Self

_MAGIC = b"SLUICEC"
VERSION = 1
_LENGTH = Struct("<I")
_DIGEST_BYTES = 16
_CHUNK_BYTES = 1 << 20
_SMALLEST = len(_MAGIC) + 1 + 2 * _LENGTH.size + _DIGEST_BYTES


@dataclass(slots=True, frozen=True)
class Identity:
    """Which changelog partition a checkpoint is of.

    `kind` keeps stores of different nature apart ("repeats", "state"); `origin` is what a topic that was made
    anew under its old name has not: the id that Kafka gave the changelog, with that of the cluster.
    """

    kind: str
    topic: str
    partition: int
    origin: str

    def path(self, directory: Path) -> Path:
        """Where it lies; the directory must belong to one worker at a time."""
        return directory / self.kind / self.topic / f"{self.partition}.checkpoint"


@dataclass(slots=True, frozen=True)
class Unusable:
    """Why there is no checkpoint to go on from; `missing` if there is no file, which is ordinary."""

    reason: str
    missing: bool = False


class Checkpoint:
    """A checkpoint that was found whole. A context manager: it holds the file open, so its blocks stay as
    they are.

    `offset` is the first of the changelog that it does not contain, `written_at_ms` is in milliseconds since
    1970.
    """

    def __init__(self, file: IO[bytes], start: int, offset: int, written_at_ms: int) -> None:
        self._file, self._start = file, start
        self.offset, self.written_at_ms = offset, written_at_ms

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def blocks(self) -> Iterator[bytes]:
        """The blocks in the order in which they were written. Blocks the thread on disk reads."""
        self._file.seek(self._start)
        while length := _LENGTH.unpack(self._file.read(_LENGTH.size))[0]:
            yield self._file.read(length)

    def misfit(self, end: int, start: int | None = None, oldest_ms: int | None = None) -> str | None:
        """Why it can't be continued by a changelog that runs from `start` to `end`, or None.

        `start` matters where a gap would lose something (state, but not answers: those are out of retention);
        `oldest_ms` where the changelog forgets tombstones after a time.
        """
        if self.offset > end:
            return f"it ends at offset {self.offset}, the changelog already at {end}: that was cut or made anew"
        if start is not None and self.offset < start:
            return f"it ends at offset {self.offset}, the changelog begins at {start}: what is between is lost"
        if oldest_ms is not None and self.written_at_ms < oldest_ms:
            age = (oldest_ms - self.written_at_ms) / 1_000
            return f"it is {age:.0f} s older than tombstones are kept"
        return None


def write_checkpoint(path: Path, identity: Identity, offset: int, now_ms: int, blocks: Iterable[bytes]) -> int:
    """Writes a checkpoint in place of the one before, all or nothing; returns its size in bytes.

    Blocks the thread until it is on the disk: call it in a thread of its own, with a snapshot's blocks. One
    writer at a time for one path. Raises OSError (a full disk), and then the old checkpoint is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb", buffering=_CHUNK_BYTES) as file:
            size = _write(file, _head(identity, offset, now_ms), blocks)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)
    return size


def open_checkpoint(path: Path, identity: Identity) -> Checkpoint | Unusable:
    """The checkpoint at a path, every byte of it checked, or why it is not usable; never raises for what it
    finds.

    Blocks the thread: a GB takes about a second.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return Unusable("there is no checkpoint", missing=True)
    except OSError as error:
        return Unusable(f"it can't be opened: {error}")
    try:
        found = _examine(file, identity)
    except OSError as error:
        found = Unusable(f"it can't be read: {error}")
    if isinstance(found, Unusable):
        file.close()
    return found


def _head(identity: Identity, offset: int, now_ms: int) -> bytes:
    header = json.dumps({**asdict(identity), "offset": offset, "written_at_ms": now_ms}).encode()
    return _MAGIC + bytes([VERSION]) + _LENGTH.pack(len(header)) + header


def _write(file: IO[bytes], head: bytes, blocks: Iterable[bytes]) -> int:
    digest, size = blake2b(head, digest_size=_DIGEST_BYTES), len(head)
    file.write(head)
    for block in blocks:
        if not block:
            continue  # a length of zero ends the file
        length = _LENGTH.pack(len(block))
        for part in (length, block):
            digest.update(part)
            file.write(part)
        size += len(length) + len(block)
    digest.update(_LENGTH.pack(0))
    file.write(_LENGTH.pack(0) + digest.digest())
    return size + _LENGTH.size + _DIGEST_BYTES


def _examine(file: IO[bytes], identity: Identity) -> Checkpoint | Unusable:
    size = os.fstat(file.fileno()).st_size
    opening = file.read(len(_MAGIC) + 1)
    if opening[:-1] != _MAGIC:
        return Unusable("it is no checkpoint: its first bytes are others")
    if opening[-1] != VERSION:
        return Unusable(f"it is of version {opening[-1]}, not {VERSION}")
    if size < _SMALLEST or not _digest_holds(file, size):
        return Unusable(f"it is torn or damaged: its digest does not hold ({size} bytes)")
    file.seek(len(opening))
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    header = _header(file.read(min(length, size)))
    if header is None:
        return Unusable("its header is not one of this program's")
    offset, written_at_ms = header.pop("offset"), header.pop("written_at_ms")
    if header != asdict(identity):
        return Unusable(f"it is of {header}, not of {asdict(identity)}")
    start = file.tell()
    if not _ends_where_it_should(file, size - _DIGEST_BYTES):
        return Unusable("its blocks do not end where they should")
    return Checkpoint(file, start, offset, written_at_ms)


def _header(text: bytes) -> dict[str, Any] | None:
    """The header, or None for what only has the right digest."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        return None
    numbers = ("offset", "written_at_ms")
    if not isinstance(header, dict) or any(type(header.get(name)) is not int for name in numbers):
        return None
    return header


def _ends_where_it_should(file: IO[bytes], end: int) -> bool:
    """Whether the blocks from here on are as long as they say, and the last is followed by the digest."""
    position: int = file.tell()
    while position + _LENGTH.size <= end:
        file.seek(position)
        length: int = _LENGTH.unpack(file.read(_LENGTH.size))[0]
        position += _LENGTH.size + length
        if length == 0:
            return position == end
    return False


def _digest_holds(file: IO[bytes], size: int) -> bool:
    file.seek(0)
    digest, remaining = blake2b(digest_size=_DIGEST_BYTES), size - _DIGEST_BYTES
    while remaining and (chunk := file.read(min(_CHUNK_BYTES, remaining))):
        digest.update(chunk)
        remaining -= len(chunk)
    return digest.digest() == file.read(_DIGEST_BYTES)


def _sync_directory(directory: Path) -> None:
    """Makes the new name survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
