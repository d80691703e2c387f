"""What was sent and what was answered so far, and when: for the picture, and for the gap that a kill leaves."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import pairwise

TICKS = 4
"""A second has so many ticks of the timeline."""


class Tally:
    """Counts of one run. Any thread may call any method; moments are monotonic seconds."""

    def __init__(self, totals: Mapping[str, int], begin: float) -> None:
        self.totals, self.begin = dict(totals), begin
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()
        self._answered: dict[str, set[str]] = {name: set() for name in totals}
        self._timeline: dict[str, Counter[int]] = {name: Counter() for name in totals}
        self._arrivals: dict[tuple[str, int], list[float]] = {}

    def send(self, processor: str) -> None:
        """One request more is on its way."""
        with self._lock:
            self._sent[processor] += 1

    def answer(self, processor: str, request_id: str, partition: int, now: float) -> None:
        """A committed answer was read, to a request of this partition; one that comes twice counts once."""
        with self._lock:
            if request_id in self._answered[processor]:
                return
            self._answered[processor].add(request_id)
            self._timeline[processor][self._tick(now)] += 1
            self._arrivals.setdefault((processor, partition), []).append(now)

    def sent(self, processor: str) -> int:
        """Requests sent."""
        return self._sent[processor]

    def answered(self, processor: str) -> int:
        """Requests answered."""
        return len(self._answered[processor])

    def share(self, processor: str) -> float:
        """The part of the requests that is answered, 0 to 1."""
        return self.answered(processor) / max(1, self.totals[processor])

    @property
    def done(self) -> bool:
        """Whether everything is answered."""
        return all(self.answered(name) >= total for name, total in self.totals.items())

    @property
    def all_answered(self) -> int:
        """Answers of all processors."""
        return sum(map(len, self._answered.values()))

    def rate(self, processor: str, now: float, seconds: int = 2) -> float:
        """Answers a second over the last seconds."""
        last = self._tick(now)
        with self._lock:
            timeline = self._timeline[processor]
            return sum(timeline[tick] for tick in range(last - seconds * TICKS, last)) / seconds

    def timeline(self, processor: str, now: float) -> list[int]:
        """Answers in each tick from the beginning until now."""
        with self._lock:
            return [self._timeline[processor][tick] for tick in range(self._tick(now) + 1)]

    def gap(self, processor: str, partitions: Collection[int], moment: float) -> float | None:
        """The longest silence, in seconds, of these partitions together from a moment on; None if no answer came.

        Not the time to the next answer: one that was committed before the moment may be read just after it.
        """
        with self._lock:
            later = sorted(
                arrival
                for (name, partition), arrivals in self._arrivals.items()
                for arrival in arrivals
                if name == processor and partition in partitions and arrival > moment
            )
        return max((after - before for before, after in pairwise([moment, *later])), default=None)

    def _tick(self, moment: float) -> int:
        return max(0, int((moment - self.begin) * TICKS))
