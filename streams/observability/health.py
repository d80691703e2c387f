"""Is the worker alive, and is it ready: a pure judgement over what its lanes say of themselves.

Alive is who settles records: a lane that polls and settles nothing for `stall_seconds` is not. Not ready is normal
for a while: at start, while a model loads, while answers are restored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LaneState:
    """What a lane says of itself now.

    `ready` has a flag for each thing that must be there before it answers (`connected`, `model loaded`, ...);
    `oldest_unsettled` is the monotonic time at which its oldest unsettled record was read, None when there is
    none; `failure` says what ended it, if anything did; `stopped` counts partitions that an operator must resume;
    `delayed` has a line for each partition that can't be restored yet: why, and what to do. `found_at` is when its
    processor last answered a record, while it looks for those of a batch that hang: a batch with several of them takes
    long and comes to an end, and a restart would meet them all again.
    """

    name: str
    ready: Mapping[str, bool] = field(default_factory=dict)
    oldest_unsettled: float | None = None
    failure: str | None = None
    stopped: int = 0
    delayed: tuple[str, ...] = ()
    found_at: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The judgement, and why it is not better."""

    live: bool
    ready: bool
    reasons: tuple[str, ...]
    unsettled_seconds: float

    def as_json(self) -> dict[str, Any]:
        """What `/health` answers."""
        return {
            "live": self.live,
            "ready": self.ready,
            "oldest_unsettled_seconds": round(self.unsettled_seconds, 3),
            "reasons": list(self.reasons),
        }


def judge(now: float, stall_seconds: float, lanes: Sequence[LaneState]) -> Health:
    """The health at `now` (monotonic, seconds) of a worker with these lanes. A stopped partition is only told."""
    dead = [reason for lane in lanes for reason in why_dead(now, stall_seconds, lane)]
    waiting = [f"{lane.name}: not yet {flag}" for lane in lanes for flag, yes in lane.ready.items() if not yes]
    waiting += [f"{lane.name}: {line}" for lane in lanes for line in lane.delayed]
    told = [f"{lane.name}: {lane.stopped} partitions stopped" for lane in lanes if lane.stopped]
    if not lanes:
        waiting.append("no lane runs yet")
    return Health(
        live=not dead,
        ready=not dead and not waiting,
        reasons=(*dead, *waiting, *told),
        unsettled_seconds=max((age(now, lane) for lane in lanes), default=0.0),
    )


def why_dead(now: float, stall_seconds: float, lane: LaneState) -> list[str]:
    """What is so wrong with a lane that only a restart can help."""
    reasons = [f"{lane.name}: {lane.failure}"] if lane.failure else []
    searching = lane.found_at is not None and now - lane.found_at <= stall_seconds
    if age(now, lane) > stall_seconds and not searching:
        reasons.append(f"{lane.name}: the oldest record is unsettled for {age(now, lane):.0f} s")
    return reasons


def age(now: float, lane: LaneState) -> float:
    """Seconds since a lane's oldest unsettled record was read; 0 when everything is settled."""
    return 0.0 if lane.oldest_unsettled is None else max(0.0, now - lane.oldest_unsettled)
