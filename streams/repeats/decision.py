"""What becomes of a request whose id may have been seen before: the table of repeats, as one function.

| the earlier one | this one | decision |
|---|---|---|
| forgotten, or never seen | | NEW |
| answered for good | another payload | CONFLICT |
| answered for good | past its deadline | DEADLINE_EXCEEDED |
| answered for good | | REPLAY |
| in flight | another payload | CONFLICT |
| in flight | | WAIT |

How a twin ended that was waited for, `streams.processing` sees: its answer is given again, or this one is inferred.
"""

from enum import Enum

from schemas.swift_enum import swift


@swift
class Decision(Enum):
    """What a request gets."""

    NEW = "new"
    REPLAY = "replay"
    WAIT = "wait"
    CONFLICT = "conflict"
    DEADLINE_EXCEEDED = "deadline exceeded"


def decide(
    *,
    in_flight: bool = False,
    known: bool = False,
    same_payload: bool = True,
    late: bool = False,
) -> Decision:
    """The decision for a request: an earlier one is in flight, or has a known answer, or neither (forgotten).

    `late`: this one's deadline has passed. NEW sends the request the way of all new ones, where its deadline is checked
    before device time is spent.
    """
    if not in_flight and not known:
        return Decision.NEW
    if not same_payload:
        return Decision.CONFLICT
    if in_flight:
        return Decision.WAIT
    return Decision.DEADLINE_EXCEEDED if late else Decision.REPLAY
