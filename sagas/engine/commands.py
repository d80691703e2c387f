"""What clients and operators ask of a saga that is there."""

from collections.abc import Callable

from pydantic import ValidationError

from sagas import values
from sagas.engine.advance import compensate, end, past_pivot
from sagas.engine.operators import resolve, resume, retry, skip
from sagas.engine.turn import Turn
from sagas.events import EventKind
from sagas.inputs import Command, CommandKind
from sagas.instance import Direction, SignalStatus, Status
from sagas.refusal import Refusal
from schemas.outcome import Code
from schemas.records import first_problem

OPERATORS = frozenset((CommandKind.RETRY, CommandKind.RESOLVE, CommandKind.SKIP, CommandKind.RESUME, CommandKind.ABORT))


def obey(turn: Turn, command: Command) -> None:
    """Does what is asked, or refuses it; answers in any case."""
    saga = turn.instance
    if command.kind in OPERATORS and not command.actor:
        turn.refuse(Code.INVALID_ARGUMENT, f"{command.kind} has no actor: say who asks, for the saga's history")
    elif saga.ended and not _is_done_already(turn, command):
        turn.refuse(Refusal.SAGA_REFUSED, f"saga {saga.saga_id!r} has ended as {saga.status}; nothing can change it")
    elif not saga.ended:
        _COMMANDS[command.kind](turn, command)


def _is_done_already(turn: Turn, command: Command) -> bool:
    """Asking twice to cancel is no mistake."""
    if command.kind is CommandKind.CANCEL and turn.instance.status is Status.COMPENSATED:
        turn.accept("compensated already")
        return True
    return False


def _signal(turn: Turn, command: Command) -> None:
    name, node = command.step, turn.compiled.signals.get(command.step)
    if node is None:
        known = ", ".join(turn.compiled.signals) or "none"
        turn.refuse(Code.INVALID_ARGUMENT, f"step: {turn.instance.saga} awaits no signal {name!r}; it awaits: {known}")
        return
    if not turn.forward:
        turn.refuse(Refusal.SAGA_REFUSED, f"saga {turn.instance.saga_id!r} compensates; no signal can change that")
        return
    state = turn.instance.signals.get(name)
    if state is not None and state.status is not SignalStatus.AWAITED:
        turn.refuse(Refusal.SAGA_REFUSED, f"signal {name!r} is {state.status}; the first one counts")
        return
    try:
        message = node.message.__pydantic_validator__.validate_json(command.payload)
    except ValidationError as error:
        field, problem = first_problem(error)
        turn.refuse(Code.INVALID_ARGUMENT, f"signal {name!r}: {field}: {problem}")
        return
    said = {"message": values.loads(node.message.__pydantic_serializer__.to_json(message))}
    turn.record(EventKind.SIGNAL_RECEIVED, name, body=said, actor=command.actor, reason=command.reason)
    turn.accept("received")


def _cancel(turn: Turn, command: Command) -> None:
    saga = turn.instance
    if saga.direction is Direction.BACKWARD:
        turn.accept("compensating already")
    elif past_pivot(saga, turn):
        how = "its pivot is done" if saga.pivoted else "its pivot was asked for and may be done"
        turn.refuse(Refusal.SAGA_REFUSED, f"saga {saga.saga_id!r} can't be cancelled: {how}")
    else:
        compensate(turn, command.reason or "cancelled", command.actor)
        turn.accept("compensating")


def _abort(turn: Turn, command: Command) -> None:
    end(turn, EventKind.ABORTED, command.reason or "aborted", command.actor)
    turn.accept("aborted; nothing was undone")


_COMMANDS: dict[CommandKind, Callable[[Turn, Command], None]] = {
    CommandKind.SIGNAL: _signal,
    CommandKind.CANCEL: _cancel,
    CommandKind.RETRY: retry,
    CommandKind.RESOLVE: resolve,
    CommandKind.SKIP: skip,
    CommandKind.RESUME: resume,
    CommandKind.ABORT: _abort,
}
