"""Requests that share an id on one partition: who has a twin, and whether their answers follow the table of repeats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.outcome import Code
from streams.repeats.answer import INLINE_LIMIT
from streams.verification.facts import Told

GRACE_MS = 60_000
ROOM = INLINE_LIMIT + 1_024
# The answer of these says nothing of what a lane remembers: it depends on the topic, the headers or the clock.
PASSING = frozenset({Code.REQUEST_ID_CONFLICT, Code.INVALID_REPLY_TO, Code.RESULT_TOO_LARGE, Code.DEADLINE_EXCEEDED})
UNSURE = PASSING | {Code.INVALID_ARGUMENT}


class Note(NamedTuple):
    """What a twin was answered."""

    value: int
    replayed: bool
    code: str | None
    retriable: bool
    timestamp: int
    size: int


@dataclass(slots=True)
class Twin:
    """One of several requests with the same id; `payload` is a checksum, None where it can't be compared."""

    offset: int
    payload: int | None
    place: str
    notes: list[Note] = field(default_factory=list)

    def differs(self, other: "Twin") -> bool | None:
        """Whether the payloads differ; None where that is not known."""
        return None if self.payload is None or other.payload is None else self.payload != other.payload


@dataclass(frozen=True, slots=True)
class Memory:
    """What a lane remembers at least: the answers of so many records, for so long."""

    entries: int
    bytes: int
    retention_ms: float

    def surely(self, known: Twin, later: Twin) -> bool:
        """Whether the answer of one was certainly not forgotten when the other was answered."""
        answer, now = known.notes[0], later.notes[0]
        near = later.offset - known.offset < min(self.entries, self.bytes // ROOM)
        return near and answer.size <= INLINE_LIMIT and now.timestamp - answer.timestamp < self.retention_ms - GRACE_MS


def note_of(told: Told) -> Note:
    """What is kept of an outcome to judge it by."""
    return Note(hash(told.value), told.replayed, told.code, told.retriable, told.timestamp, len(told.value))


def problems(twins: Sequence[Twin], memory: Memory | None, whole: bool) -> Iterator[str]:
    """What is against the table of repeats, in the order of the requests.

    `whole`: these are all requests with this id that the partition ever had. Without a `memory`, only what was
    answered again is judged, not what should have been. One that has no answer, or several, makes what follows unsure.
    """
    earlier: list[Twin] = []
    known: Twin | None = None
    for twin in twins:
        if len(twin.notes) != 1:
            whole = False
            known = None
        else:
            problem = _problem(twin, earlier, known, memory, whole)
            if problem is not None:
                yield f"{twin.place} {problem}"
            if final(twin.notes[0]) and not twin.notes[0].replayed:
                known = twin
        earlier.append(twin)


def final(note: Note) -> bool:
    """Whether this answer is one that a repeat gets again."""
    return note.code is None or (not note.retriable and note.code not in UNSURE)


def _problem(twin: Twin, earlier: list[Twin], known: Twin | None, memory: Memory | None, whole: bool) -> str | None:
    note = twin.notes[0]
    if note.replayed and note.code not in PASSING:
        return _replay_problem(twin, earlier, whole)
    if note.code == Code.REQUEST_ID_CONFLICT:
        same = whole and all(other.differs(twin) is False for other in earlier)
        return "has a conflict, though no earlier request had another payload" if same else None
    if known is None or memory is None or note.code in UNSURE or not memory.surely(known, twin):
        return None
    differs = known.differs(twin)
    if differs is None:
        return None
    wanted = f"the conflict with {known.place}" if differs else f"the answer of {known.place} again"
    return f"was answered anew, not with {wanted}"


def _replay_problem(twin: Twin, earlier: list[Twin], whole: bool) -> str | None:
    value = twin.notes[0].value
    givers = [other for other in earlier if any(note.value == value for note in other.notes)]
    if any(other.differs(twin) is not True for other in givers):
        return None
    if givers:
        return f"has the answer of {givers[0].place}, which had another payload"
    return "has a replayed answer that no earlier request had" if whole else None
