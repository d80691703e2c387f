"""An owned partition. The object is the ownership epoch: revoke and loss end it, a new assignment makes another.

A record carries the partition that it was read under; a micro-batch may enter a transaction only while every partition
of its records is still owned. Whoever ends an epoch holds the lock that the committer holds through its transaction.
"""

from collections import deque
from collections.abc import Iterable
from enum import Enum
from threading import RLock
from typing import Any

from streams.repeats.book import AnswerBook
from streams.repeats.in_flight import InFlight


class Phase(Enum):
    """What an owned partition is doing."""

    RESTORING = "restoring"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class Partition:
    """One partition of a request topic from assignment to revocation."""

    __slots__ = (
        "book",
        "changelog_position",
        "in_flight",
        "number",
        "owned",
        "parked",
        "paused",
        "phase",
        "position",
        "topic",
    )

    def __init__(self, topic: str, number: int, book: AnswerBook) -> None:
        self.topic, self.number, self.book = topic, number, book
        self.owned = True
        self.phase = Phase.RESTORING
        self.position = -1
        self.changelog_position = -1
        self.in_flight = InFlight()
        self.parked: deque[Any] = deque()
        self.paused = False

    def __repr__(self) -> str:
        return f"Partition({self.topic}[{self.number}] {self.phase.value} owned={self.owned})"


class Ownership:
    """The partitions that this worker owns now, and the lock under which an epoch ends."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._owned: dict[tuple[str, int], Partition] = {}

    def begin(self, partition: Partition) -> None:
        """Starts the epoch of a newly assigned partition."""
        with self.lock:
            self._owned[partition.topic, partition.number] = partition

    def end(self, keys: Iterable[tuple[str, int]]) -> list[Partition]:
        """Ends the epochs of these partitions; waits for a transaction that is under way."""
        with self.lock:
            ended = [self._owned.pop(key) for key in keys if key in self._owned]
            for partition in ended:
                partition.owned = False
            return ended

    def get(self, topic: str, number: int) -> Partition | None:
        """The partition's present epoch, or None when it is not owned."""
        return self._owned.get((topic, number))

    def all(self) -> list[Partition]:
        """A copy of the owned partitions."""
        with self.lock:
            return list(self._owned.values())
