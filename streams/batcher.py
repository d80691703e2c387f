"""Gathers admitted records into micro-batches. Pure: time is passed in.

A micro-batch closes on its number of records, its cost (tokens, pixels), its bytes, or the age of its oldest record;
an idle processor with an empty backlog is given what there is at once, because waiting would gain it nothing.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from processors.contract import BatchPolicy
from schemas.swift_enum import swift
from streams.entry import Entry
from streams.partition import Partition


@swift
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
        self._waiting: deque[Entry] = deque()
        # How many of the waiting records arrived together, and when.
        self._arrivals: deque[tuple[int, float]] = deque()
        self.cost = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, entries: list[Entry], now: float) -> None:
        """Appends records that arrived at `now` (seconds, monotonic)."""
        if entries:
            self._waiting.extend(entries)
            self._arrivals.append((len(entries), now))
            self.cost += sum([entry.cost for entry in entries])
            self.bytes += sum([entry.size for entry in entries])

    def close(self, now: float, *, idle: bool, draining: bool = False) -> Gathered | None:
        """The next micro-batch, or None while it is better to wait. `idle`: nothing in flight and no backlog."""
        reason = self._reason(now, idle, draining)
        return self._take(reason) if reason else None

    def due(self) -> float | None:
        """When the oldest record closes its micro-batch by age; None when nothing waits."""
        return self._arrivals[0][1] + self.policy.wait_ms / 1000 if self._arrivals else None

    def oldest(self) -> float | None:
        """When the record that has waited longest arrived."""
        return self._arrivals[0][1] if self._arrivals else None

    def touches(self, partitions: set[Partition]) -> bool:
        """Whether records of these partitions wait."""
        return any(entry.owner in partitions for entry in self._waiting)

    def clear(self) -> None:
        """Forgets everything that waits."""
        self._waiting.clear()
        self._arrivals.clear()
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
        return Closed.AGE if now - self._arrivals[0][1] >= policy.wait_ms / 1000 else None

    def _take(self, reason: Closed) -> Gathered:
        waiting, policy = self._waiting, self.policy
        oldest = self._arrivals[0][1]
        entries: list[Entry] = []
        cost = size = 0
        limit = policy.cost if policy.cost is not None else 1 << 62
        if self.cost <= limit and self.bytes <= policy.bytes:
            entries = list(islice(waiting, policy.size))
            cost, size = sum([entry.cost for entry in entries]), sum([entry.size for entry in entries])
        else:
            for entry in islice(waiting, policy.size):
                if entries and (cost + entry.cost > limit or size + entry.size > policy.bytes):
                    break
                entries.append(entry)
                cost += entry.cost
                size += entry.size
        self._leave(len(entries))
        self.cost -= cost
        self.bytes -= size
        return Gathered(entries, reason, oldest, size)

    def _leave(self, count: int) -> None:
        """Takes so many records off the front."""
        if count == len(self._waiting):
            self._waiting.clear()
        else:
            for _ in range(count):
                self._waiting.popleft()
        while count:
            together, arrived = self._arrivals.popleft()
            if together > count:
                self._arrivals.appendleft((together - count, arrived))
            count -= min(count, together)
