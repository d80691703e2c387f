"""Gathers admitted records into micro-batches. Pure: time is passed in.

A micro-batch closes on its number of records, its cost (tokens, pixels), its bytes, or the age of its oldest record;
an idle processor with an empty backlog is given what there is at once, because waiting would gain it nothing.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from processors.contract import BatchPolicy
from streams.entry import Entry
from streams.partition import Partition


class Closed(StrEnum):
    """Why a micro-batch closed."""

    SIZE = "size"
    COST = "cost"
    BYTES = "bytes"
    AGE = "age"
    IDLE = "idle"
    DRAIN = "drain"


@dataclass(slots=True)
class Gathered:
    """A closed micro-batch before it has a place in the commit order."""

    entries: list[Entry]
    reason: Closed
    oldest: float
    bytes: int


class Batcher:
    """Admitted records that wait for a micro-batch, in order of admission."""

    def __init__(self, policy: BatchPolicy) -> None:
        self.policy = policy
        self._waiting: deque[tuple[Entry, float]] = deque()
        self.cost = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, entries: list[Entry], now: float) -> None:
        """Appends records that arrived at `now` (seconds, monotonic)."""
        for entry in entries:
            self._waiting.append((entry, now))
            self.cost += entry.cost
            self.bytes += entry.size

    def close(self, now: float, *, idle: bool, draining: bool = False) -> Gathered | None:
        """The next micro-batch, or None while it is better to wait. `idle`: nothing in flight and no backlog."""
        reason = self._reason(now, idle, draining)
        return self._take(reason) if reason else None

    def due(self) -> float | None:
        """When the oldest record closes its micro-batch by age; None when nothing waits."""
        return self._waiting[0][1] + self.policy.wait_ms / 1000 if self._waiting else None

    def oldest(self) -> float | None:
        """When the record that has waited longest arrived."""
        return self._waiting[0][1] if self._waiting else None

    def touches(self, partitions: set[Partition]) -> bool:
        """Whether records of these partitions wait."""
        return any(entry.owner in partitions for entry, _ in self._waiting)

    def clear(self) -> None:
        """Forgets everything that waits."""
        self._waiting.clear()
        self.cost = self.bytes = 0

    def _reason(self, now: float, idle: bool, draining: bool) -> Closed | None:
        policy = self.policy
        if not self._waiting:
            return None
        if len(self._waiting) >= policy.size:
            return Closed.SIZE
        if policy.cost is not None and self.cost >= policy.cost:
            return Closed.COST
        if self.bytes >= policy.bytes:
            return Closed.BYTES
        if draining:
            return Closed.DRAIN
        if idle:
            return Closed.IDLE
        return Closed.AGE if now - self._waiting[0][1] >= policy.wait_ms / 1000 else None

    def _take(self, reason: Closed) -> Gathered:
        waiting, policy = self._waiting, self.policy
        oldest = waiting[0][1]
        entries: list[Entry] = []
        cost = size = 0
        limit = policy.cost if policy.cost is not None else 1 << 62
        while waiting and len(entries) < policy.size:
            entry = waiting[0][0]
            if entries and (cost + entry.cost > limit or size + entry.size > policy.bytes):
                break
            waiting.popleft()
            entries.append(entry)
            cost += entry.cost
            size += entry.size
        self.cost -= cost
        self.bytes -= size
        return Gathered(entries, reason, oldest, size)
