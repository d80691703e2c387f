"""The micro-batches between dispatch and commit, in commit order. Pure; the lane's lock guards it.

A flight is one abort epoch: an abort throws the whole flight away and starts another, so that results of a batch that
was dispatched under an earlier flight have nowhere to go.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.handler import Count
from streams.batcher import Closed
from streams.entry import Entry
from streams.output import Output
from streams.partition import Partition


@dataclass(slots=True, eq=False)
class Batch:
    """A micro-batch: one Faust event, one call of the handler, one place in the commit order."""

    number: int
    flight: "Flight"
    entries: list[Entry]
    reason: Closed
    oldest: float
    bytes: int
    answers: list[Output | None] = field(default_factory=list)
    emissions: list[Output] = field(default_factory=list)
    ends: dict[Partition, int] = field(default_factory=dict)
    tracked: bool = False
    stops: bool = False
    compute_seconds: float = 0.0
    counts: Counter[Count] = field(default_factory=Counter)
    finished: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        for entry in self.entries:
            entry.batch = self
            if entry.stop is not None:
                self.stops = True
            self.ends[entry.owner] = entry.offset + 1

    def outputs(self) -> Iterator[Output]:
        """Everything that the batch produces: answers in order of their offsets, then what the handler emits."""
        for answer in self.answers:
            if answer is not None:
                yield answer
        yield from self.emissions

    @property
    def owned(self) -> bool:
        """Whether each partition's epoch is unbroken since its records were read."""
        return all(partition.owned for partition in self.ends)


class Flight:
    """The commit order: batches leave from its front, once finished."""

    def __init__(self, number: int = 0) -> None:
        self._batches: deque[Batch] = deque()
        self.records = 0
        self.bytes = 0
        self.number = number

    def __len__(self) -> int:
        return len(self._batches)

    def enter(self, entries: list[Entry], reason: Closed, oldest: float, size: int) -> Batch:
        """Gives the entries their place in the commit order."""
        self.number += 1
        batch = Batch(self.number, self, entries, reason, oldest, size)
        self._batches.append(batch)
        self.records += len(entries)
        self.bytes += size
        return batch

    def ready(self, records: int, size: int) -> list[Batch]:
        """The finished batches at the front, at least one and at most so many records and bytes; they stay aboard."""
        taken: list[Batch] = []
        for batch in self._batches:
            records, size = records - len(batch.entries), size - batch.bytes
            if not batch.finished or (taken and (records < 0 or size < 0)):
                break
            taken.append(batch)
        return taken

    def leave(self, batches: list[Batch]) -> None:
        """Takes committed batches off the front."""
        for batch in batches:
            if self._batches.popleft() is not batch:
                raise AssertionError(f"batch {batch.number} was committed out of order")
            self.records -= len(batch.entries)
            self.bytes -= batch.bytes

    def oldest(self) -> float | None:
        """When the oldest record of the front batch arrived (seconds, monotonic)."""
        return self._batches[0].oldest if self._batches else None

    def touches(self, partitions: set[Partition]) -> bool:
        """Whether a batch aboard holds records of these partitions."""
        return any(not partitions.isdisjoint(batch.ends) for batch in self._batches)
