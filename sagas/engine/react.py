"""One transition: an input, what it changes, and what comes of it."""

from dataclasses import dataclass

from sagas.catalogue import Catalogue
from sagas.effects import Answered, Effect, Orphaned, SetTimer
from sagas.engine import commands
from sagas.engine.advance import advance, park
from sagas.engine.foreign import without_code
from sagas.engine.outcome import Outgrown, effects_of
from sagas.engine.replies import on_reply
from sagas.engine.start import again, start
from sagas.engine.timers import is_due, on_timer
from sagas.engine.turn import SagaFault, Turn
from sagas.engine.unfit import outgrown
from sagas.inputs import Command, CommandKind, Input, Reply, TimerFired
from sagas.instance import Instance
from sagas.limits import DEFAULT, Limits
from sagas.refusal import Refusal


@dataclass(slots=True)
class Reaction:
    """The saga afterwards (None: there is none), what else is to be done, and the state to keep.

    `state` is the state's record as Avro, without a frame. It is None where it did not change, and where it is to be
    deleted because the saga was forgotten: then `instance` is None and the history says so.
    """

    instance: Instance | None
    effects: tuple[Effect, ...] = ()
    state: bytes | None = None


def react(
    catalogue: Catalogue,
    instance: Instance | None,
    saga_id: str,
    input: Input,  # noqa: A002  # it is the word for it
    now_ms: int,
    limits: Limits = DEFAULT,
) -> Reaction:
    """What an input does to a saga. Pure: the same arguments give the same reaction, byte for byte.

    Total: it raises for defects of the engine alone. `instance` is not changed. `now_ms` is in milliseconds since 1970,
    and never before that of an earlier transition. Each Command is answered exactly once, each Reply that belongs to
    nothing is Orphaned, a timer that is not due any more does nothing.
    """
    if instance is None:
        return _without_saga(catalogue, saga_id, input, now_ms, limits)
    compiled = catalogue.pinned(instance.saga, instance.version, instance.hash)
    if isinstance(input, TimerFired) and not is_due(instance, input, now_ms):
        return Reaction(instance, _declined(instance, input))
    if isinstance(input, Command) and input.kind is CommandKind.START:
        return Reaction(instance, (again(instance, compiled, input),))
    if compiled is None:
        return _finished(instance, without_code(catalogue, instance, input, now_ms, limits), input)
    turn = Turn(instance.copy(), compiled, now_ms, limits)
    _decide(turn, input)
    return _finished(instance, turn, input)


def _without_saga(catalogue: Catalogue, saga_id: str, input: Input, now_ms: int, limits: Limits) -> Reaction:  # noqa: A002
    if isinstance(input, Reply):
        return Reaction(None, (Orphaned(f"there is no saga {saga_id!r}"),))
    if isinstance(input, TimerFired):
        return Reaction(None)
    if input.kind is not CommandKind.START:
        message = f"there is no saga {saga_id!r}: it was never started, or was forgotten after it ended"
        return Reaction(None, (Answered(False, message, Refusal.SAGA_NOT_FOUND),))
    turn = start(catalogue, saga_id, input, now_ms, limits)
    if isinstance(turn, Answered):
        return Reaction(None, (turn,))
    advance(turn)
    return _finished(None, turn, input)


def _declined(instance: Instance, fired: TimerFired) -> tuple[Effect, ...]:
    """A timer that fired early is set once more; any other is none of this saga's."""
    timer = instance.timers.get(fired.name)
    if timer is None or timer.epoch != fired.epoch:
        return ()
    return (SetTimer(fired.name, timer.due_ms, timer.epoch),)


def _decide(turn: Turn, input: Input) -> None:  # noqa: A002
    try:
        if isinstance(input, Reply):
            on_reply(turn, input)
        elif isinstance(input, TimerFired):
            on_timer(turn, input)
        else:
            commands.obey(turn, input)
    except SagaFault as fault:
        park(turn, fault.step, fault.reason)
    if turn.events:
        advance(turn)


def _finished(before: Instance | None, turn: Turn, input: Input) -> Reaction:  # noqa: A002
    try:
        after, effects, state = effects_of(before, turn)
    except Outgrown as problem:
        smaller = outgrown(before, turn, input, problem)
        if smaller is None:
            return Reaction(None, (Answered(False, str(problem), Refusal.SAGA_TOO_LARGE),))
        after, effects, state = effects_of(before, smaller, bounded=False)
    return Reaction(after, effects, state)
