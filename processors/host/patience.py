"""How long a run may take: the time-out, and less for the parts of a run that overran it.

Which record of a batch hangs is found by halving. If each half had the whole time-out, a batch of 64 would stand still
for seven of them; so a part has its share of the time-out, and no more than a few times what healthy runs of its size
took. A part with slow but healthy records may find that too short, and is halved as well; what its records then take
teaches more patience with the others. A record on its own always has the whole time-out, and only then is it blamed.
"""

from collections import deque

from processors.host.bisection import Group

LEAST_SECONDS = 1.0
MARGIN, MARGIN_IN_SEARCH = 4.0, 2.0
REMEMBERED_RUNS = 64


class Patience:
    """The time that runs of one host have. Pure; `timeout_seconds` is the run time-out of a micro-batch."""

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._healthy: dict[int, deque[float]] = {}
        self._record_seconds = 0.0

    def completed(self, group: Group, seconds: float) -> None:
        """A run of the group took so long, and was answered."""
        power = group.size.bit_length() - 1
        if power not in self._healthy:
            self._healthy[power] = deque(maxlen=REMEMBERED_RUNS)
        self._healthy[power].append(seconds)
        if group.overran:
            self._record_seconds = max(self._record_seconds, seconds / group.size)

    def overran(self, group: Group) -> None:
        """A run of the group took longer than it may."""
        if not group.overran:
            self._record_seconds = 0.0

    def seconds(self, group: Group) -> float:
        """How long a run of the group may take."""
        if not group.overran or group.size == 1:
            return self.timeout_seconds
        usual = self.timeout_seconds * group.size / group.overran
        if self._healthy:
            usual = min(usual, MARGIN * self._longest(group.size))
        learnt = MARGIN_IN_SEARCH * self._record_seconds * group.size
        return min(self.timeout_seconds, max(LEAST_SECONDS, usual, learnt))

    def _longest(self, size: int) -> float:
        """The longest that a healthy run of so many records took of late, or would have taken."""
        return max(max(times) * max(1.0, size / (1 << power)) for power, times in self._healthy.items())


def standstill_seconds(timeout_seconds: float) -> float:
    """How long one hanging record may hold up its batch, where healthy runs take at most half of the time-out.

    The time-out for the batch, about as much for all its parts together, or a second for each, and the time-out for the
    record alone; half a minute is left for starting the host again.
    """
    return 3 * timeout_seconds + 30
