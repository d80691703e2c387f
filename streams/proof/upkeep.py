"""What processes need while they run, memory and file handles, and whether it grows. Pure but for `look`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression, mean, median
from typing import NamedTuple

import psutil

LIVED = 0.9
"""The part of a span of time that a process must have lived through to be judged by it."""
HOUR_SECONDS = 3_600.0


class Need(NamedTuple):
    """What a process had at a moment (seconds, monotonic): resident memory in bytes, open handles."""

    moment: float
    memory: int
    handles: int


@dataclass(frozen=True, slots=True)
class Span:
    """A time, from one moment to another."""

    begin: float
    end: float

    def within(self, needs: Iterable[Need]) -> list[Need]:
        """Those of its time."""
        return [need for need in needs if self.begin <= need.moment <= self.end]

    def lived(self, needs: Sequence[Need]) -> bool:
        """Whether these span nearly all of it."""
        return len(needs) > 2 and needs[-1].moment - needs[0].moment >= LIVED * (self.end - self.begin)


def look(pid: int, now: float) -> Need | None:
    """What a process has now; None when it is gone."""
    try:
        process = psutil.Process(pid)
        return Need(now, process.memory_info().rss, process.num_fds())
    except psutil.NoSuchProcess:
        return None


def slope(needs: Sequence[Need]) -> float:
    """By how many per cent of its mean a process's memory grows in an hour, as a straight line through all samples."""
    line = linear_regression([need.moment for need in needs], [need.memory for need in needs])
    return line.slope * HOUR_SECONDS / mean(need.memory for need in needs) * 100


def handles_grown(needs: Sequence[Need]) -> float:
    """By how many handles the later half has more than the earlier one, as medians."""
    middle = len(needs) // 2
    return median(need.handles for need in needs[middle:]) - median(need.handles for need in needs[:middle])


def steepest(every: Mapping[int, Sequence[Need]], span: Span) -> tuple[float, float]:
    """The greatest slope (per cent an hour) and the most handles grown, of processes that lived through the span."""
    found = [needs for needs in (span.within(needs) for needs in every.values()) if span.lived(needs)]
    if not found:
        raise ValueError("no process lived through the time in which memory is judged")
    return max(map(slope, found)), max(map(handles_grown, found))
