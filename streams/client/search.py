"""Where a request is: the plan of a search, what counts as a find, and what the finds say. No I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.partitioner import partition_for
from streams.client.durations import iso
from streams.client.record import Record, header_text
from streams.client.spans import Place

State = Literal["answered", "dead letter", "waiting", "settled, its answer not found"]

ORIGIN_TOPIC = "__connect.errors.topic"
ORIGIN_PARTITION = "__connect.errors.partition"
ORIGIN_OFFSET = "__connect.errors.offset"


@dataclass(frozen=True, slots=True)
class Answer:
    """An outcome found: its place, what it says, and how old it is."""

    record: Record
    status: str
    code: str | None
    replayed: bool

    def report(self) -> dict[str, Any]:
        """For programs."""
        return {**place_of(self.record), "status": self.status, "code": self.code, "replayed": self.replayed}


@dataclass(slots=True)
class Trace:
    """One request found, and all that is known of its way."""

    record: Record
    processor: str
    group: str
    committed: int | None = None
    reply_topic_gone: bool = False
    answers: list[Answer] = field(default_factory=list)
    dead_letters: list[Record] = field(default_factory=list)

    @property
    def reply_to(self) -> str | None:
        """The topic that the request asked its answer to go to."""
        return header_text(self.record.headers, "reply-to")

    @property
    def ahead(self) -> int | None:
        """How many offsets the lane has to settle before this one; None if it never committed any."""
        return None if self.committed is None else max(0, self.record.offset - self.committed)

    @property
    def settled(self) -> bool:
        """Whether the lane's committed offset is past the request."""
        return self.committed is not None and self.committed > self.record.offset

    @property
    def state(self) -> State:
        """What became of it."""
        if self.answers:
            return "answered"
        if self.dead_letters:
            return "dead letter"
        return "settled, its answer not found" if self.settled else "waiting"

    def report(self) -> dict[str, Any]:
        """For programs."""
        return {
            **place_of(self.record),
            "processor": self.processor,
            "state": self.state,
            "group": self.group,
            "committed_offset": self.committed,
            "records_ahead": self.ahead,
            "reply_to": self.reply_to,
            "reply_topic_gone": self.reply_topic_gone,
            "answers": [answer.report() for answer in self.answers],
            "dead_letters": [place_of(letter) for letter in self.dead_letters],
        }


def place_of(record: Record) -> dict[str, Any]:
    """Where and when a record is, for programs."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "time": iso(record.timestamp),
    }


def likely_first(places: Iterable[Place], key: bytes) -> list[list[Place]]:
    """The stages of a search: first where each topic keeps this key, then the partitions that are left.

    A key sent by a client with another partitioner is in the second stage. Empty stages are left out.
    """
    counts: dict[str, int] = {}
    wanted = list(places)
    for topic, _ in wanted:
        counts[topic] = counts.get(topic, 0) + 1
    home = {(topic, partition_for(key, count)) for topic, count in counts.items()}
    stages = [[one for one in wanted if one in home], [one for one in wanted if one not in home]]
    return [stage for stage in stages if stage]


class Needle:
    """Recognises records of one request id; `maybe` is cheap and spares the decoding of all others."""

    def __init__(self, request_id: str) -> None:
        self._id = request_id
        self._bytes = request_id.encode()

    def maybe(self, record: Record) -> bool:
        """Whether the record's key or bytes mention the id."""
        return record.key == self._bytes or (record.value is not None and self._bytes in record.value)

    def confirmed(self, record: Record, decode: Callable[[Record], Mapping[str, Any] | None]) -> bool:
        """Whether the record is a request, or an answer, with this id.

        One that can't be read counts if its key is the id, for that is all that could be known of it.
        """
        if not self.maybe(record):
            return False
        value = decode(record)
        return record.key == self._bytes if value is None else value.get("request_id") == self._id


def answers_to(requests: Sequence[Record], record: Record) -> Record | None:
    """The request that an outcome answers, told by its `ce_id`, if it is one of these."""
    cause = header_text(record.headers, "ce_id")
    return next((request for request in requests if request.place == cause), None)


def letter_of(requests: Sequence[Record], letter: Record) -> Record | None:
    """The request that a dead letter once was, told by its headers, if it is one of these."""
    parts = [header_text(letter.headers, name) for name in (ORIGIN_TOPIC, ORIGIN_PARTITION, ORIGIN_OFFSET)]
    place = ":".join(part or "" for part in parts)
    return next((request for request in requests if request.place == place), None)


def answer_of(record: Record, value: Mapping[str, Any] | None) -> Answer:
    """What an outcome says; one that can't be read has the status `unreadable`."""
    error = (value or {}).get("error") or {}
    return Answer(
        record,
        status=str((value or {}).get("status", "unreadable")),
        code=error.get("code"),
        replayed=header_text(record.headers, "replayed") == "true",
    )
