"""Dead letters: what they are, which a person means, and what replaying one writes. No I/O."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.dead_letter import DeadLetterInfo, original_headers, parse
from streams.client.durations import iso
from streams.client.record import Record, header_text
from streams.output import Output

REPLAYED = "x-sluicegate-replayed"
REPLAYED_FROM = "x-replayed-from"
OMITTED = "x-sluicegate-omitted"
"""On a letter that was too large to be kept whole: only its reason and origin are left."""

UNKNOWN = DeadLetterInfo("", -1, -1, "", "unknown: it has no headers of a dead letter", "", "")

_PLACE = re.compile(r"(\d+):(\d+)")


class WrongSelector(ValueError):
    """A place that is none."""


class NothingToReplay(ValueError):
    """Dead letters that may not be replayed as asked; the text says which and how to go on."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter and what its headers tell; `replayed` if a marker says that it was sent again."""

    record: Record
    info: DeadLetterInfo
    replayed: bool = False

    @property
    def place(self) -> tuple[int, int]:
        """Its partition and offset in the dead letter topic."""
        return self.record.partition, self.record.offset

    @property
    def omitted(self) -> str | None:
        """Why its original bytes are not in it, or None for a whole one, as nearly all are."""
        return header_text(self.record.headers, OMITTED) if self.record.value is None else None

    @property
    def origin(self) -> str:
        """Where it was read: `topic:partition:offset`."""
        info = self.info
        return f"{info.topic}:{info.partition}:{info.offset}" if info.topic else "unknown"

    def report(self) -> dict[str, Any]:
        """For programs."""
        return {
            "place": f"{self.record.partition}:{self.record.offset}",
            "time": iso(self.record.timestamp),
            "reason": self.info.reason,
            "origin": self.origin,
            "size": len(self.record.value or b""),
            "omitted": self.omitted,
            "replayed": self.replayed,
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters: those at `places`, or all that fit every other condition."""

    places: frozenset[tuple[int, int]] = frozenset()
    topic: str | None = None
    reason: str | None = None
    everything: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for at all."""
        return not (self.places or self.topic or self.reason or self.everything)

    def takes(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        if self.places and letter.place not in self.places:
            return False
        if self.topic is not None and letter.info.topic != self.topic:
            return False
        return self.reason is None or self.reason.lower() in letter.info.reason.lower()


def place(text: str) -> tuple[int, int]:
    """A partition and an offset from `2:17`; raises WrongSelector for anything else."""
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise WrongSelector(f"{text!r} is no dead letter; write partition:offset, as `dead-letters list` shows it")
    return int(match[1]), int(match[2])


def is_marker(record: Record) -> bool:
    """Whether the record only notes that a dead letter was replayed.

    A dead letter has the headers of its sender, who may have written this one: it has those of a dead letter as well.
    """
    named = header_text(record.headers, REPLAYED)
    return named is not None and _PLACE.fullmatch(named) is not None and parse(record.headers) is None


def letters(records: Iterable[Record]) -> list[Letter]:
    """The dead letters among these records, newest first, each with whether a marker among them names it."""
    found: list[Letter] = []
    replayed: set[tuple[int, int]] = set()
    for record in records:
        if is_marker(record):
            replayed.add(place(header_text(record.headers, REPLAYED) or ""))
        else:
            found.append(Letter(record, parse(record.headers) or UNKNOWN))
    found.sort(key=lambda letter: (letter.record.timestamp, letter.place), reverse=True)
    return [replace(letter, replayed=letter.place in replayed) for letter in found]


def chosen(all_letters: Sequence[Letter], selection: Selection, again: bool = False) -> list[Letter]:
    """The letters to replay, oldest first, as they once came.

    Raises NothingToReplay if a place asked for is not there, if one asked for by its place was replayed
    already (unless `again`) or was not kept whole, or if nothing is left. Letters not asked for by their place are
    left out instead.
    """
    meant = [letter for letter in all_letters if selection.takes(letter)]
    missing = selection.places - {letter.place for letter in meant}
    if missing:
        raise NothingToReplay(f"no dead letter that fits at {_places(missing)}")
    done = {letter.place for letter in meant if letter.replayed}
    if done & selection.places and not again:
        raise NothingToReplay(f"replayed already: {_places(done & selection.places)}; --again sends them once more")
    for letter in meant:
        if letter.omitted is not None and letter.place in selection.places:
            raise NothingToReplay(f"{_places([letter.place])} was not kept whole: {letter.omitted}")
    fresh = [letter for letter in meant if (again or not letter.replayed) and letter.omitted is None]
    if not fresh:
        note = f"; {len(done)} fit and were replayed already: --again sends them once more" if done else ""
        raise NothingToReplay(f"no dead letter fits{note}")
    return fresh[::-1]


def replay(letter: Letter, to: str | None = None) -> Output:
    """The original record again: to the very partition that it came from, or to the topic `to` by its key.

    Raises NothingToReplay for a letter that does not say where it came from, without `to`.
    """
    record = letter.record
    if not to and not letter.info.topic:
        raise NothingToReplay(f"{_places([letter.place])} does not say which topic it came from; say where with --to")
    headers = [header for header in original_headers(record.headers) if header[0] != REPLAYED_FROM]
    origin = f"{record.topic}:{record.partition}:{record.offset}".encode()
    return Output(
        topic=to or letter.info.topic,
        value=record.value,
        key=record.key,
        partition=-1 if to else letter.info.partition,
        headers=[*headers, (REPLAYED_FROM, origin)],
    )


def marker(letter: Letter) -> Output:
    """The note, beside the dead letter, that it was replayed; a key of its own keeps the letter from compaction."""
    name = f"{letter.record.partition}:{letter.record.offset}".encode()
    return Output(
        topic=letter.record.topic,
        value=None,
        key=b"replayed:" + name,
        partition=letter.record.partition,
        headers=[(REPLAYED, name)],
    )


def hexdump(value: bytes, width: int = 16) -> list[str]:
    """The bytes as lines of offset, hexadecimal and printable characters."""
    rows = []
    for start in range(0, len(value), width):
        part = value[start : start + width]
        printable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        rows.append(f"{start:08x}  {part.hex(' '):<{width * 3}} {printable}")
    return rows


def _places(places: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{partition}:{offset}" for partition, offset in sorted(places))
