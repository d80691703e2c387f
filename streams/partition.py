"""An owned partition. The object is the ownership epoch: revoke and loss end it, a new assignment makes another.

A record carries the partition that it was read under; a micro-batch may enter a transaction only while every partition
of its records is still owned. Whoever ends an epoch holds the lock that the committer holds through its transaction.
"""

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from threading import RLock
from typing import Any, Protocol

from schemas.swift_enum import swift
from streams.binding import Binding
from streams.repeats.book import AnswerBook
from streams.repeats.in_flight import InFlight
from streams.state.partition import PartitionStore
from streams.steady_clock import now_ms
from streams.stops import DeadLetterWindow

TURN_SECONDS = 0.02


@swift
class Phase(Enum):
    """What an owned partition is doing."""

    RESTORING = "restoring"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class Snapshot(Protocol):
    """What a store held at one moment."""

    def blocks(self) -> Iterable[bytes]:
        """Its content, in blocks of a checkpoint."""


class Partition:
    """One partition of a request topic from assignment to revocation, with what it remembers.

    `positions` says, for each changelog, the first offset that its store does not hold yet; `learnt` counts what the
    stores took since their last checkpoint; `ticket` is the last restoration asked for, the only one that counts;
    `waits_for` says what keeps it from being restored, and what to do.
    """

    __slots__ = (
        "book",
        "in_flight",
        "learnt",
        "number",
        "owned",
        "parked",
        "paused",
        "phase",
        "position",
        "positions",
        "store",
        "ticket",
        "topic",
        "waits_for",
        "window",
    )

    def __init__(self, topic: str, number: int, book: AnswerBook, window: DeadLetterWindow | None = None) -> None:
        self.topic, self.number, self.book, self.window = topic, number, book, window
        self.store: PartitionStore | None = None
        self.owned = True
        self.phase = Phase.RESTORING
        self.position = -1
        self.positions: dict[str, int] = {}
        self.learnt = 0
        self.ticket = 0
        self.waits_for: str | None = None
        self.in_flight = InFlight()
        self.parked: deque[Any] = deque()
        self.paused = False

    def __repr__(self) -> str:
        return f"Partition({self.topic}[{self.number}] {self.phase.value} owned={self.owned})"

    @property
    def entries(self) -> int:
        """How many answers and state entries it holds."""
        return len(self.book) + (self.store.entries if self.store is not None else 0)

    def restore_record(self, topic: str, binding: Binding, key: bytes | None, value: bytes | None) -> int:
        """Applies a changelog record; returns how many entries it had. Raises AnswersUnreadable, StateUnreadable."""
        if topic == binding.state and self.store is not None:
            self.store.restore(key, value)
            return 1
        if key != self.topic.encode():
            return 0
        return self.book.restore(value or b"", now_ms())

    def restore_block(self, topic: str, binding: Binding, block: bytes) -> int:
        """Applies a block of a checkpoint. Raises as `restore_record`."""
        if topic == binding.state and self.store is not None:
            return self.store.restore_block(block)
        return self.book.restore(block, now_ms())

    def snapshots(self, binding: Binding) -> dict[str, Snapshot]:
        """What each of its stores holds now, by changelog; no commit may be under way."""
        found: dict[str, Snapshot] = {}
        if binding.repeats in self.positions:
            found[binding.repeats] = self.book.snapshot()
        if self.store is not None:
            found[binding.state] = self.store.snapshot()
        return found


class Ownership:
    """The partitions that this worker owns now, and the lock under which an epoch ends.

    Only the intake thread begins and ends epochs; what it only looks up must not wait for a transaction.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self._owned: dict[tuple[str, int], Partition] = {}

    def begin(self, partition: Partition) -> None:
        """Starts the epoch of a newly assigned partition."""
        self._owned[partition.topic, partition.number] = partition

    def end(
        self,
        keys: Iterable[tuple[str, int]],
        meanwhile: Callable[[], None] = lambda: None,
        then: Callable[[list[Partition]], None] = lambda ended: None,
    ) -> list[Partition]:
        """Ends the epochs of these partitions; waits for a commit that is under way, calling `meanwhile`.

        `then` is called with them before another commit can begin: what it gives up is in none that is under way.
        """
        while not self.lock.acquire(timeout=TURN_SECONDS):
            meanwhile()
        try:
            ended = [self._owned.pop(key) for key in keys if key in self._owned]
            for partition in ended:
                partition.owned = False
            then(ended)
            return ended
        finally:
            self.lock.release()

    def get(self, topic: str, number: int) -> Partition | None:
        """The partition's present epoch, or None when it is not owned."""
        return self._owned.get((topic, number))

    def all(self) -> list[Partition]:
        """A copy of the owned partitions."""
        return list(self._owned.values())
