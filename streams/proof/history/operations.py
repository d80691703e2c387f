"""What clients did: sends with their fates, polls with what they saw. Times are seconds, monotonic, of one clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Queue(NamedTuple):
    """One partition."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]"


class Spot(NamedTuple):
    """An offset of a queue."""

    queue: Queue
    offset: int

    def __str__(self) -> str:
        return f"{self.queue}@{self.offset}"


class Fate(StrEnum):
    """How an operation ended."""

    OK = "ok"
    FAIL = "fail"
    """It certainly had no effect: refused, or its transaction was aborted."""
    INFO = "info"
    """Nobody knows: it may have an effect, now or later, or none."""


class Sent(NamedTuple):
    """A value that a client sent, and where it lies as far as the client was told."""

    value: str
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """One record, or one transaction of several. `committing` is when its commit was asked for; None: it never was."""

    process: str
    began: float
    ended: float
    fate: Fate
    sent: tuple[Sent, ...]
    transaction: bool = False
    committing: float | None = None


class Seen(NamedTuple):
    """A record that a reader was given; `cause` is the request that it answers."""

    spot: Spot
    value: str
    cause: Spot | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll gave. `fresh`: the reader may have been put elsewhere since its last one."""

    process: str
    began: float
    ended: float
    seen: tuple[Seen, ...]
    fresh: bool = False


@dataclass(frozen=True)
class History:
    """All operations, each client's in its order.

    Values are sent once each, to the topic `requests`; every one that is there is answered with the same value on the
    topic `results`. `last` is the process of the reader that read everything when all was over.
    """

    sends: tuple[Send, ...]
    polls: tuple[Poll, ...]
    requests: str = "requests"
    results: str = "results"
    last: str = "afterwards"

    @cached_property
    def writers(self) -> dict[str, Send]:
        """The send of each value."""
        return {sent.value: send for send in self.sends for sent in send.sent}

    @cached_property
    def told(self) -> dict[str, Spot]:
        """Where values lie, as their senders were told."""
        return {sent.value: sent.spot for send in self.sends for sent in send.sent if sent.spot is not None}

    @cached_property
    def log(self) -> dict[Queue, dict[int, set[str]]]:
        """Every value that anybody saw at each offset, or was told to lie there once that was certain."""
        found: dict[Queue, dict[int, set[str]]] = {}
        for seen in self.seen():
            found.setdefault(seen.spot.queue, {}).setdefault(seen.spot.offset, set()).add(seen.value)
        for value, spot in self.told.items():
            if self.writers[value].fate is Fate.OK:
                found.setdefault(spot.queue, {}).setdefault(spot.offset, set()).add(value)
        return found

    def seen(self, topic: str | None = None, process: str | None = None) -> Iterable[Seen]:
        """What was seen, of one topic, or by one reader."""
        for poll in self.polls:
            if process in (None, poll.process):
                yield from (seen for seen in poll.seen if topic in (None, seen.spot.queue.topic))
