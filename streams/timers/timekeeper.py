"""The timers of a lane's partitions: what is due, and when it may fire. Lives on the intake thread.

It holds due times alone; what a timer means stands in the handler's store, and the handler looks there again when it
fires. What it holds follows the commits, and is read from the store anew whenever a partition is restored, so that an
abort leaves nothing behind.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import structlog

from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership, Partition, Phase
from streams.state.wire import Change
from streams.timers.clock import ForwardClock
from streams.timers.firing import Firing
from streams.timers.heap import DueHeap
from streams.timers.log_ends import LogEnds, Place
from streams.timers.rules import Caution, Verdict, Watch, judge

PASS = 256
"""So many fire in one turn of the poll loop: replies that come meanwhile get their turn in between."""
GAP_MS = 10
COMPLAINT_MS = 10_000
SOON_SECONDS, NEVER_SECONDS = 0.005, 3_600.0

Committed: TypeAlias = Mapping[Place, Sequence[Change]]
DueOf: TypeAlias = Callable[[bytes], int | None]
IsParked: TypeAlias = Callable[[bytes], bool]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TimerSource:
    """Which of a handler's stores has timers, and how a value of it says when its key is due next (None: never).

    `is_parked` says whether a value's key waits for a person; they are counted.
    """

    store: str
    due_of: DueOf
    is_parked: IsParked = lambda value: False


class Timers(Protocol):
    """What the intake asks of a lane's timers."""

    def restored(self, partition: Partition) -> None:
        """The partition may run: its store is what is committed."""

    def read_to(self, partition: Partition, offset: int) -> None:
        """Everything before this offset was read: the partition's end was seen there."""

    def take(self) -> list[Firing]:
        """What may fire now, to be admitted at once."""

    def patience(self) -> float:
        """After how many seconds to ask again at the latest."""


class NoTimers:
    """The timers of a lane that has none."""

    def restored(self, partition: Partition) -> None:
        """Nothing to read."""

    def read_to(self, partition: Partition, offset: int) -> None:
        """Nothing to note."""

    def take(self) -> list[Firing]:
        """Nothing is ever due."""
        return []

    def patience(self) -> float:
        """Never."""
        return NEVER_SECONDS


@dataclass(slots=True)
class Book:
    """One partition's due times, and what is known of its log."""

    heap: DueHeap = field(default_factory=DueHeap)
    watch: Watch = field(default_factory=Watch)
    parked: set[bytes] = field(default_factory=set)


class Timekeeper:
    """The timers of a stateful lane."""

    def __init__(
        self,
        source: TimerSource,
        ownership: Ownership,
        ends: LogEnds,
        caution: Caution,
        metrics: LaneMetrics,
        clock: ForwardClock | None = None,
    ) -> None:
        self._source = source
        self._ownership = ownership
        self._ends = ends
        self._caution = caution
        self._metrics = metrics
        self._clock = clock or ForwardClock()
        self._books: dict[Partition, Book] = {}
        self._fed: deque[Committed] = deque()
        self._asked_ms = 0
        self._complained = 0

    def committed(self, changes: Committed) -> None:
        """By any thread: these changes of the stores were committed."""
        self._fed.append(changes)

    def restored(self, partition: Partition) -> None:
        """Reads the partition's due times from its store. What was committed before is in there already."""
        self._learn()
        book = self._books[partition] = Book(watch=Watch(reached=partition.position))
        if partition.store is not None:
            for key, value in partition.store.items(self._source.store):
                due_ms = self._source.due_of(value)
                if due_ms is not None:
                    book.heap.set(key, due_ms)
                if self._source.is_parked(value):
                    book.parked.add(key)

    def read_to(self, partition: Partition, offset: int) -> None:
        """Notes that everything before this offset was read."""
        book = self._books.get(partition)
        if book is not None:
            book.watch = book.watch.read_to(offset)

    def take(self) -> list[Firing]:
        """What may fire now: of each partition its earliest, about PASS in all."""
        self._learn()
        self._hear()
        now_ms = self._clock.now_ms()
        firings: list[Firing] = []
        asking: list[Place] = []
        running = list(self._running())
        for partition, book in running:
            book.watch = book.watch.read_to(partition.position)
            verdict = judge(book.watch, book.heap.earliest(), now_ms, self._caution)
            if verdict is Verdict.ASK:
                asking.append((partition.topic, partition.number))
            elif verdict in (Verdict.FIRE, Verdict.PINNED):
                firings += self._fire(partition, book, 1 + PASS // len(running), verdict)
        self._ask(asking, now_ms)
        self._metrics.parked(sum(len(book.parked) for _, book in running))
        if firings:
            self._metrics.timers_fired(len(firings), (now_ms - min(one.timestamp for one in firings)) / 1000)
        return firings

    def patience(self) -> float:
        """Short while an answer is on its way, else until the next timer is due."""
        if self._ends.waiting or self._fed:
            return SOON_SECONDS
        dues = [due_ms for _, book in self._running() if (due_ms := book.heap.earliest()) is not None]
        if not dues:
            return NEVER_SECONDS
        return max((min(dues) - self._clock.now_ms()) / 1000, SOON_SECONDS)

    def _running(self) -> Iterable[tuple[Partition, Book]]:
        """The partitions whose input is being read; those that are not ours any more are forgotten."""
        for partition in [one for one in self._books if not one.owned]:
            del self._books[partition]
        for partition, book in self._books.items():
            # Records that wait for their schema were read, and not admitted.
            if partition.phase is Phase.RUNNING and not partition.parked:
                yield partition, book

    def _learn(self) -> None:
        """Follows the commits."""
        while self._fed:
            for (topic, number), changes in self._fed.popleft().items():
                partition = self._ownership.get(topic, number)
                book = self._books.get(partition) if partition is not None else None
                if book is not None:
                    self._follow(book, changes)

    def _follow(self, book: Book, changes: Sequence[Change]) -> None:
        source = self._source
        for store, key, value in changes:
            if store != source.store:
                continue
            due_ms = source.due_of(value) if value is not None else None
            if due_ms is None:
                book.heap.drop(key)
            else:
                book.heap.set(key, due_ms)
                book.watch = book.watch.surprised(due_ms)
            if value is not None and source.is_parked(value):
                book.parked.add(key)
            else:
                book.parked.discard(key)

    def _hear(self) -> None:
        for (topic, number), ends in self._ends.answers().items():
            partition = self._ownership.get(topic, number)
            book = self._books.get(partition) if partition is not None else None
            if book is not None:
                book.watch = book.watch.learn(ends, book.heap.earliest())

    def _fire(self, partition: Partition, book: Book, limit: int, verdict: Verdict) -> list[Firing]:
        assert book.watch.target is not None
        taken = book.heap.take(book.watch.target.asked_ms, limit)
        if verdict is Verdict.PINNED:
            self._complain(partition, book.watch, len(taken))
        return [Firing(partition, key, due_ms) for due_ms, key in taken]

    def _complain(self, partition: Partition, watch: Watch, number: int) -> None:
        self._metrics.timers_pinned(number)
        now_ms = self._clock.now_ms()
        if now_ms - self._complained >= COMPLAINT_MS:
            self._complained = now_ms
            log.error(
                "timers fire although an open transaction hides the end of the log",
                partition=str(partition),
                read_to=watch.reached,
                end=watch.target.high if watch.target else None,
                cure="sluicegate kafka-tool transactions find-hanging, then abort it",
            )

    def _ask(self, places: list[Place], now_ms: int) -> None:
        if places and now_ms - self._asked_ms >= GAP_MS and not self._ends.waiting:
            self._asked_ms = now_ms
            self._ends.ask(places, now_ms)
