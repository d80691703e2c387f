"""When unreadable records stop a partition, and how the stop is written down. Pure.

A stop is a record of the compacted control topic, so that it outlives workers and rebalances: its key names the
partition (`<group>/<topic>/<partition>`), its value the reason, as JSON. A tombstone resumes the partition.
"""

import json
import re
from collections import deque
from dataclasses import asdict, dataclass
from typing import NamedTuple

from streams.output import Output
from streams.settings import DeadLetterLimit

_NUMBER = re.compile(r"[0-9]{1,9}")


class StopKey(NamedTuple):
    """Whose partition it is: another group's lane on the same topic goes on."""

    group: str
    topic: str
    partition: int

    def pack(self) -> bytes:
        """The record's key."""
        return f"{self.group}/{self.topic}/{self.partition}".encode()


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a partition is stopped; the limit was passed at `offset`, at `at` (milliseconds since 1970)."""

    reason: str
    offset: int
    at: int

    def pack(self) -> bytes:
        """The record's value."""
        return json.dumps({"stopped": True, **asdict(self)}).encode()


def unpack_key(key: bytes | None) -> StopKey | None:
    """The partition that a record is about; None for a record that is not of ours."""
    parts = (key or b"").decode(errors="replace").rsplit("/", 2)
    if len(parts) != 3 or not parts[0] or not parts[1] or not _NUMBER.fullmatch(parts[2]):
        return None
    return StopKey(parts[0], parts[1], int(parts[2]))


def unpack(value: bytes | None) -> Stop | None:
    """The stop, or None for a tombstone. What cannot be read is a stop too: an operator must look."""
    if value is None:
        return None
    try:
        read = json.loads(value)
        if read.get("stopped") is not True:
            return None
        return Stop(str(read.get("reason", "")), int(read.get("offset", -1)), int(read.get("at", 0)))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Stop("the record in the control topic cannot be read", -1, 0)


def stop_output(control: str, key: StopKey, stop: Stop) -> Output:
    """The record that stops a partition, for the transaction of the dead letter that was one too many."""
    return Output(control, stop.pack(), key.pack(), -1, [])


class DeadLetterWindow:
    """Counts the unreadable records of one partition against the limit. One call for a record, only if it is set.

    Of the last `window` records at most `ratio` may be unreadable; those of a window that is not full yet count as
    readable, so that a first bad record stops nothing. Records that are read again after an abort count once.
    """

    def __init__(self, limit: DeadLetterLimit) -> None:
        self._limit = limit
        self._last_offset = -1
        self._seen = 0
        self._in_a_row = 0
        self._unreadable: deque[int] = deque()

    @staticmethod
    def needed(limit: DeadLetterLimit) -> bool:
        """Whether there is a limit at all."""
        return limit.consecutive is not None or limit.ratio is not None

    def observe(self, offset: int, unreadable: bool) -> str | None:
        """Takes the next record; the reason to stop the partition after it, or None."""
        if offset <= self._last_offset:
            return None
        self._last_offset = offset
        self._seen += 1
        if not unreadable:
            self._in_a_row = 0
            return None
        self._in_a_row += 1
        return self._too_many_in_a_row() or self._too_large_a_part()

    def _too_many_in_a_row(self) -> str | None:
        most = self._limit.consecutive
        if most is None or self._in_a_row <= most:
            return None
        return f"{self._in_a_row} unreadable records in a row, and the limit is {most}"

    def _too_large_a_part(self) -> str | None:
        if self._limit.ratio is None:
            return None
        self._unreadable.append(self._seen)
        while self._unreadable[0] <= self._seen - self._limit.window:
            self._unreadable.popleft()
        count = len(self._unreadable)
        if count <= self._limit.ratio * self._limit.window:
            return None
        return f"{count} of the last {self._limit.window} records unreadable, and the limit is {self._limit.ratio:.2%}"
