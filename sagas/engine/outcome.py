"""From a finished turn to its effects: what the events mean for the world outside."""

from sagas.effects import (
    AttentionCleared,
    ClearTimer,
    Effect,
    Ended,
    Orphaned,
    Record,
    SetTimer,
    attention_of,
)
from sagas.engine.turn import Turn
from sagas.events import EventKind
from sagas.instance import Instance, TimerState
from sagas.wire.history import encode_event
from sagas.wire.instance import encode_instance

NO_TIMERS: dict[str, TimerState] = {}


class Outgrown(Exception):
    """The state, or a record of the history, is larger than its limit."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} would have {size} bytes; the limit is {limit}")


def effects_of(
    before: Instance | None, turn: Turn, *, bounded: bool = True
) -> tuple[Instance | None, tuple[Effect, ...], bytes | None]:
    """The saga afterwards, the effects in order, and the state to keep; raises Outgrown, if it is bounded."""
    effects: list[Effect] = []
    after: Instance | None = turn.instance
    state = None
    if turn.events:
        for event in turn.events:
            body = encode_event(event)
            if bounded and len(body) > turn.limits.history:
                raise Outgrown(f"the history's record of {event.kind}", len(body), turn.limits.history)
            effects.append(Record(event, body))
        if turn.events[-1].kind is EventKind.FORGOTTEN:
            after = None
        else:
            state = encode_instance(turn.instance)
            if bounded and len(state) > turn.limits.state:
                raise Outgrown("the saga's state", len(state), turn.limits.state)
        effects += turn.sends
        _add_timers(effects, NO_TIMERS if before is None else before.timers, after.timers if after else NO_TIMERS)
        _add_signs(effects, before, turn.instance)
    if turn.orphan is not None:
        effects.append(Orphaned(turn.orphan))
    if turn.answer is not None:
        effects.append(turn.answer)
    return after, tuple(effects), state


def _add_timers(effects: list[Effect], before: dict[str, TimerState], after: dict[str, TimerState]) -> None:
    if before:
        effects += [ClearTimer(name) for name in before if name not in after]
    for name, timer in after.items():
        if before.get(name) != timer:
            effects.append(SetTimer(name, timer[0], timer[1]))


def _add_signs(effects: list[Effect], before: Instance | None, after: Instance) -> None:
    """What is published of a saga when it is parked, goes on, or ends."""
    known = None if before is None else before.attention
    if after.attention != known:
        effects.append(attention_of(after) or AttentionCleared())
    if after.ended and not (before is not None and before.ended):
        effects.append(
            Ended(
                after.saga, after.version, after.run, after.status, after.data, after.reason, after.started_ms,
                after.ended_ms,
            )
        )  # fmt: skip
