"""What becomes of a request whose id may have been seen before: the table of repeats, as one function.

| the earlier one | this one | decision |
|---|---|---|
| forgotten, or never seen | | NEW |
| answered for good | another payload | CONFLICT |
| answered for good | past its deadline | DEADLINE_EXCEEDED |
| answered for good | | REPLAY |
| in flight | another payload | CONFLICT |
| in flight | | WAIT |
| was in flight, now answered for good | | as answered for good |
| was in flight, failed retriably or past its deadline | | RETRY |
"""

from enum import Enum


class Ending(Enum):
    """How a twin that was waited for has ended."""

    FINAL = "final"  # COMPLETED, or FAILED for good
    RETRIABLE = "retriable"  # FAILED retriably, or because its own deadline had passed


class Decision(Enum):
    """What a request gets."""

    NEW = "new"
    REPLAY = "replay"
    WAIT = "wait"
    CONFLICT = "conflict"
    DEADLINE_EXCEEDED = "deadline exceeded"
    RETRY = "retry"


def decide(
    *,
    in_flight: bool = False,
    known: bool = False,
    same_payload: bool = True,
    late: bool = False,
    ending: Ending | None = None,
) -> Decision:
    """The decision for a request: an earlier one is in flight, or has a known answer, or neither (forgotten).

    `late`: this one's deadline has passed. `ending`: how the twin ended that it waited for, once it has. NEW
    and RETRY send the request the way of all new ones, where its deadline is checked before device time is
    spent.
    """
    if not in_flight and not known:
        return Decision.NEW
    if not same_payload:
        return Decision.CONFLICT
    if in_flight and ending is None:
        return Decision.WAIT
    if in_flight and ending is Ending.RETRIABLE:
        return Decision.RETRY
    return Decision.DEADLINE_EXCEEDED if late else Decision.REPLAY
