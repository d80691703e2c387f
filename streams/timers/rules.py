"""When a due timer may fire. Pure: what is known of the log and the time are passed in.

A reply that is in the log when a timer comes due must win against it. So whoever fires asks for the log's end once the
timer is due, and reads up to there first. The end is that of all records, open transactions included: one that is about
to commit may hold the reply. A transaction that nobody ends would hold the timers up for ever: after a while they fire
all the same, and somebody is told.
"""

from dataclasses import dataclass, replace
from enum import Enum

from schemas.swift_enum import swift


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a partition's log ended: `stable` is what readers of committed records see, `high` includes the rest.

    `asked_ms` is a time at which the question had not been sent yet: whatever was in the log then, is before `high`.
    """

    asked_ms: int
    high: int
    stable: int


@swift
class Verdict(Enum):
    """What to do about a partition's timers now."""

    REST = "nothing is due"
    ASK = "ask where the log ends"
    READ = "read on first"
    FIRE = "fire what was due when the end was asked for"
    PINNED = "fire, because a transaction that nobody ends hides the rest of the log"


@dataclass(frozen=True, slots=True)
class Caution:
    """How long things may take, in milliseconds.

    `pinned_ms`: so long the end may be hidden by an open transaction; `again_ms`: so old an answer is when it is asked
    for again, where it is still needed.
    """

    pinned_ms: int = 5_000
    again_ms: int = 500


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of one partition's log.

    Everything before `reached` was read. `target` is the end that was asked for once the earliest due timer was due,
    `latest` the newest answer.
    """

    reached: int = 0
    target: Ends | None = None
    latest: Ends | None = None

    def read_to(self, offset: int) -> "Watch":
        """More was read."""
        return self if offset <= self.reached else replace(self, reached=offset)

    def learn(self, ends: Ends, earliest_ms: int | None) -> "Watch":
        """An answer came; the first one asked for after the earliest timer came due is what has to be read."""
        if earliest_ms is None or ends.asked_ms < earliest_ms:
            return replace(self, target=None, latest=ends)
        held = self.target is not None and self.target.asked_ms >= earliest_ms
        return replace(self, target=self.target if held else ends, latest=ends)

    def surprised(self, due_ms: int) -> "Watch":
        """A timer was set for this time; if that was past when the end was asked for, the answer says nothing of it."""
        late = self.target is not None and due_ms <= self.target.asked_ms
        return replace(self, target=None) if late else self


def judge(watch: Watch, earliest_ms: int | None, now_ms: int, caution: Caution) -> Verdict:
    """What to do about a partition whose earliest timer is due at this time (None: it has no timer)."""
    if earliest_ms is None or earliest_ms > now_ms:
        return Verdict.REST
    target, latest = watch.target, watch.latest
    if target is None or latest is None or target.asked_ms < earliest_ms:
        return Verdict.ASK
    if watch.reached >= target.high:
        return Verdict.FIRE
    waited = latest.asked_ms - target.asked_ms
    if waited >= caution.pinned_ms and latest.stable < target.high and watch.reached >= latest.stable:
        return Verdict.PINNED
    return Verdict.ASK if now_ms - latest.asked_ms >= caution.again_ms else Verdict.READ
