"""Timers against a log that grows, hides its end behind open transactions, and is read in pieces."""

from collections.abc import Iterable
from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from streams.observability.metrics import Instruments, LaneMetrics
from streams.partition import Ownership, Partition, Phase
from streams.repeats.book import AnswerBook, Bounds
from streams.state.partition import PartitionStore
from streams.state.wire import Change
from streams.timers.clock import ForwardClock
from streams.timers.log_ends import LogEnds, Place
from streams.timers.rules import Caution, Ends
from streams.timers.timekeeper import Timekeeper, TimerSource

PLACE = ("inbox", 0)
PINNED_MS = 2_000
KEYS = [b"a", b"b", b"c", b"d"]


class Clock(ForwardClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000

    def now_ms(self) -> int:
        """The time."""
        return self.now


class Log:
    """Offsets with the time they were written; from `hidden` on an open transaction hides them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.written: list[int] = []
        self.hidden: int | None = None
        self.hidden_since = 0
        self.question: int | None = None

    @property
    def waiting(self) -> bool:
        """As LogEnds."""
        return self.question is not None

    @property
    def stable(self) -> int:
        """What can be read."""
        return len(self.written) if self.hidden is None else self.hidden

    def ask(self, places: Iterable[Place], now_ms: int) -> None:
        """As LogEnds."""
        assert list(places) == [PLACE]
        self.question = now_ms

    def answers(self) -> dict[Place, Ends]:
        """As LogEnds; the answer may be newer than the question."""
        asked, self.question = self.question, None
        return {} if asked is None else {PLACE: Ends(asked, len(self.written), self.stable)}


class Timers(RuleBasedStateMachine):
    """What fires is compared with what may."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.log = Log(self.clock)
        self.ownership = Ownership()
        self.timers: dict[bytes, int] = {}
        self.hidden_long = False
        self.keeper = Timekeeper(
            TimerSource("sagas", int),
            self.ownership,
            cast(LogEnds, self.log),
            Caution(pinned_ms=PINNED_MS, again_ms=100),
            LaneMetrics("sagas", Instruments()),
            self.clock,
        )
        self.partition = Partition(*PLACE, AnswerBook(Bounds(1, 1, 1)))
        self.partition.store = PartitionStore(*PLACE, ("sagas",))
        self.partition.position, self.partition.phase = 0, Phase.RUNNING
        self.ownership.begin(self.partition)
        self.keeper.restored(self.partition)

    @rule(count=st.integers(1, 5))
    def write(self, count: int) -> None:
        self.log.written += [self.clock.now] * count

    @precondition(lambda self: self.log.hidden is None)
    @rule()
    def begin_transaction(self) -> None:
        self.log.hidden, self.log.hidden_since = len(self.log.written), self.clock.now

    @precondition(lambda self: self.log.hidden is not None)
    @rule()
    def end_transaction(self) -> None:
        self.hidden_long |= self.clock.now - self.log.hidden_since >= PINNED_MS
        self.log.hidden = None

    @rule(count=st.integers(1, 8))
    def read(self, count: int) -> None:
        self.partition.position = min(self.partition.position + count, self.log.stable)

    @rule(milliseconds=st.sampled_from([1, 10, 100, 1_000, 3_000]))
    def wait(self, milliseconds: int) -> None:
        self.clock.now += milliseconds

    @rule(key=st.sampled_from(KEYS), delay=st.integers(-50, 3_000))
    def set(self, key: bytes, delay: int) -> None:
        self.timers[key] = self.clock.now + delay
        self._commit(key, b"%d" % self.timers[key])

    @rule(key=st.sampled_from(KEYS))
    def drop(self, key: bytes) -> None:
        self.timers.pop(key, None)
        self._commit(key, None)

    @rule()
    def abort(self) -> None:
        """The partition is read again from its position; its timers come from the store."""
        self.keeper.restored(self.partition)

    @rule()
    def take(self) -> None:
        before = None
        for firing in self.keeper.take():
            key, now = firing.key or b"", self.clock.now
            due = self.timers.pop(key)
            assert due == firing.timestamp <= now, "neither early nor stale"
            assert before is None or before <= due, "earliest first"
            before = due
            unread = [at for at in self.log.written[self.partition.position :] if at < due]
            assert not unread or self._was_pinned(due), "what was in the log when it came due is read first"
            assert firing.offset + 1 == self.partition.position
            self._commit(key, None)

    def teardown(self) -> None:
        """Once all is read and nothing is hidden, whatever is due fires."""
        self.log.hidden = None
        self.partition.position = len(self.log.written)
        self.clock.now += 10_000
        for _ in range(4):
            self.take()
            self.clock.now += 600
        assert self.timers == {}

    def _was_pinned(self, due: int) -> bool:
        """Whether the end was hidden for long enough while the timer was due."""
        now_hidden = self.log.hidden is not None and self.clock.now - self.log.hidden_since >= 0
        return (self.hidden_long or now_hidden) and self.clock.now - due >= PINNED_MS

    def _commit(self, key: bytes, value: bytes | None) -> None:
        assert self.partition.store is not None
        self.partition.store.restore(b"sagas\0" + key, value)
        self.keeper.committed({PLACE: [Change("sagas", key, value)]})


TestTimers = Timers.TestCase
TestTimers.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
