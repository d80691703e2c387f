"""Who is to blame: which records of which batches a host runs next, given how the last runs ended.

A pure state machine, without clocks or processes. It holds groups (ranges of a job's records):

* an error that the processor raised belongs to its group, which is tried again in halves;
* a host that died had several groups in flight, and any of them may be guilty: all are halved, and the halves run one
  at a time with nothing beside them, so that the next death points at one group;
* of a host that overran its time, the halves have less of it (`patience` says how much), or each would wait for the
  whole time-out; a record alone always has all of it;
* a record is blamed only for what it did alone. A host can also be killed from outside, so a record that ran alone
  must repeat it; after SIGKILL, the host is first watched while it does nothing, for twice as long as it lived with
  the record: if it is killed then as well, it was not the record, whose strikes are forgotten.

So every record is run at most ceil(log2(n)) times more than once, but for the guilty one, and those whose host was
killed from outside.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from processors.host.capacity import Capacity


class Death(Enum):
    """How a host ended, other than by a stop."""

    CRASHED = "crashed"
    KILLED = "killed"
    OVERRAN = "overran"


STRIKES = {Death.CRASHED: 2, Death.KILLED: 5, Death.OVERRAN: 1}
WATCH_SECONDS = 1.0
LONGEST_WATCH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Group:
    """The records `low` to `high` - 1 of a job. `alone`: nothing may run beside it.

    `overran`: how many records the run had, of which this is a part, when the host overran its time; 0 if it did not.
    """

    job: int
    low: int
    high: int
    alone: bool = False
    strikes: int = 0
    watch_seconds: float = 0.0
    family: int | None = None
    overran: int = 0

    @property
    def size(self) -> int:
        """How many records."""
        return self.high - self.low

    def halves(self, *, alone: bool, family: int | None = None) -> tuple["Group", "Group"]:
        """Two groups with the same records; of an odd number, the second has one more."""
        middle = self.low + self.size // 2
        return (
            Group(self.job, self.low, middle, alone, family=family, overran=self.overran),
            Group(self.job, middle, self.high, alone, family=family, overran=self.overran),
        )


class Bisection:
    """The groups of one host: waiting, suspected and in flight. Each method is an event; `next` is the decision."""

    def __init__(self, slots: int = 2) -> None:
        self._slots = slots
        self._ready: deque[Group] = deque()
        self._suspects: deque[Group] = deque()
        self._flight: list[Group] = []
        self._quiet_since = 0.0
        self.capacity = Capacity()

    @property
    def flight(self) -> tuple[Group, ...]:
        """What was sent and not answered, oldest first."""
        return tuple(self._flight)

    @property
    def load(self) -> int:
        """Records that wait or are in flight."""
        return sum(group.size for groups in (self._ready, self._suspects, self._flight) for group in groups)

    @property
    def searching(self) -> bool:
        """Whether a host died of a record that is not found yet."""
        return bool(self._suspects) or any(group.alone for group in self._flight)

    def submit(self, job: int, count: int) -> None:
        """A new job of `count` > 0 records."""
        self._ready.append(Group(job, 0, count))

    def drop(self, job: int) -> None:
        """Nobody waits for the job any more: what waits is forgotten; what is in flight ends as it ends."""
        self._ready = deque(group for group in self._ready if group.job != job)
        self._suspects = deque(group for group in self._suspects if group.job != job)

    def started(self, now: float) -> None:
        """The host is ready, and does nothing."""
        self._quiet_since = now

    def next(self, now: float) -> Group | None:
        """The group to send now, which is in flight from here on, or None."""
        if self._suspects:
            if self._flight or self.watch_left(now) > 0:
                return None
            group = self._suspects.popleft()
        elif not self._ready or len(self._flight) >= self._slots or any(group.alone for group in self._flight):
            return None
        else:
            group = self._take_ready()
        self._flight.append(group)
        return group

    def watch_left(self, now: float) -> float:
        """Seconds for which the host is to be watched before the next suspect may run; 0 without one."""
        if self._flight or not self._suspects:
            return 0.0
        return max(0.0, self._quiet_since + self._suspects[0].watch_seconds - now)

    def completed(self, group: Group, now: float) -> None:
        """All records of the group are answered."""
        self._land(group, now)
        self.capacity.completed(group.size, group.family)

    def abandoned(self, group: Group, now: float) -> None:
        """The group's run ended, and nobody waits for it any more."""
        self._land(group, now)
        self.capacity.spoilt(group.family)

    def raised(self, group: Group, now: float) -> bool:
        """The processor raised an error. True if the group is one record, which is to blame; else its halves wait."""
        self._land(group, now)
        self.capacity.spoilt(group.family)
        if group.size == 1:
            return True
        self._again(group.halves(alone=group.alone))
        return False

    def out_of_memory(self, group: Group, now: float) -> bool:
        """The device or the host had no memory for the group. True if it is one record that had all of it to itself."""
        self._land(group, now)
        self.capacity.spoilt(group.family)
        if group.size > 1:
            family = self.capacity.exceeded(group.size)
            self._again(group.halves(alone=group.alone, family=family))
            return False
        if not group.alone:
            self._again([replace(group, alone=True, family=None)])
        return group.alone

    def died(self, death: Death, seconds: float = 0.0, dropped: Iterable[int] = ()) -> Group | None:
        """The host died, `seconds` after the last group was sent; jobs in `dropped` are not tried again.

        Returns the group of one record that is to blame, if there is one.
        """
        flight = [group for group in self._flight if group.job not in set(dropped)]
        if death is Death.OVERRAN:
            flight = [replace(group, overran=group.overran or group.size) for group in flight]
        if not self._flight:
            self._forgive()
        self._flight = []
        for group in flight:
            self.capacity.spoilt(group.family)
        if len(flight) == 1 and flight[0].alone and flight[0].size == 1:
            return self._strike(flight[0], death, seconds)
        again = [half for group in flight for half in _isolated(group)]
        self._suspects.extendleft(reversed(again))
        return None

    def _strike(self, group: Group, death: Death, seconds: float) -> Group | None:
        watch = _watch(seconds, group.watch_seconds) if death is Death.KILLED else 0.0
        struck = replace(group, strikes=group.strikes + 1, watch_seconds=watch)
        if struck.strikes >= STRIKES[death]:
            return struck
        self._suspects.appendleft(struck)
        return None

    def _forgive(self) -> None:
        self._suspects = deque(replace(group, strikes=0) for group in self._suspects)

    def _take_ready(self) -> Group:
        group = self._ready.popleft()
        limit = self.capacity.limit
        if limit is None or group.size <= limit:
            return group
        self.capacity.spoilt(group.family)
        self._ready.appendleft(replace(group, low=group.low + limit, family=None))
        return replace(group, high=group.low + limit, family=None)

    def _again(self, groups: Iterable[Group]) -> None:
        waiting = list(groups)
        queue = self._suspects if waiting[0].alone else self._ready
        queue.extendleft(reversed(waiting))

    def _land(self, group: Group, now: float) -> None:
        self._flight.remove(group)
        if not self._flight:
            self._quiet_since = now


def _isolated(group: Group) -> tuple[Group, ...]:
    if group.size > 1:
        return group.halves(alone=True)
    return (replace(group, alone=True, family=None),)


def _watch(lived_seconds: float, watched_seconds: float) -> float:
    """Twice the longest that the record lived, within reason."""
    return min(max(2.0 * lived_seconds, watched_seconds, WATCH_SECONDS), LONGEST_WATCH_SECONDS)
