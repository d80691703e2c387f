"""An operator's help for a saga: each is an event with who and why, and lets a parked saga go on."""

from typing import Any, NamedTuple

from sagas import values
from sagas.compiled import StepSpec
from sagas.engine.sending import send_step, send_undo
from sagas.engine.settling import step_done, step_rejected
from sagas.engine.turn import SagaFault, Turn
from sagas.events import EventKind
from sagas.inputs import Command
from sagas.instance import Direction, Status, StepState, StepStatus
from sagas.paths import split_path
from sagas.policy import Kind
from sagas.refusal import Refusal
from schemas.outcome import Code


class Subject(NamedTuple):
    """The step that is meant, and whether its undo is."""

    path: str
    spec: StepSpec
    direction: Direction
    state: StepState | None


def resume(turn: Turn, command: Command) -> None:
    """Lets a parked saga go on: its timers with what was left of them, its stalled steps with a new budget."""
    if turn.instance.status is not Status.NEEDS_ATTENTION:
        turn.refuse(Refusal.SAGA_REFUSED, f"saga {turn.instance.saga_id!r} is {turn.instance.status}, not parked")
        return
    turn.accept("resumed")
    _go_on(turn, command)


def retry(turn: Turn, command: Command) -> None:
    """Sends a step's command, or its undo's, once more, with a new budget of attempts."""
    subject = _subject(turn, command)
    if subject is None:
        return
    path, spec, direction, state = subject
    if state is None:
        resume(turn, command)
        return
    if direction is Direction.FORWARD and not turn.forward:
        turn.refuse(Refusal.SAGA_REFUSED, f"the saga compensates: step {path} is not asked for again")
        return
    turn.accept(f"step {path} is asked for again")
    if turn.instance.status is Status.NEEDS_ATTENTION:
        turn.record(EventKind.RESUMED, path, actor=command.actor, reason=command.reason)
    send = send_step if direction is Direction.FORWARD else send_undo
    send(turn, path, spec, fresh=True, actor=command.actor, reason=command.reason)
    _send_stalled(turn)


def resolve(turn: Turn, command: Command) -> None:
    """Says how an open step ended: the payload is its result, or null where it had no effect."""
    subject = _subject(turn, command)
    if subject is None:
        return
    try:
        result = values.untagged(values.loads(command.payload))
    except ValueError:
        turn.refuse(
            Code.INVALID_ARGUMENT, "payload: no JSON: send the step's result as an object, or null for no effect"
        )
        return
    try:
        if not _resolved(turn, subject, command, result):
            return
    except SagaFault as fault:
        turn.refuse(Code.INVALID_ARGUMENT, f"payload: {fault.reason}")
        return
    turn.accept(f"step {subject.path} is resolved")
    _go_on(turn, command)


def skip(turn: Turn, command: Command) -> None:
    """Goes on as if an open step, or an open undo, were not in the definition: nothing of it is undone later."""
    subject = _subject(turn, command)
    if subject is None:
        return
    path, spec, direction, _ = subject
    kind = EventKind.STEP_SKIPPED if direction is Direction.FORWARD else EventKind.UNDO_SKIPPED
    body: dict[str, Any] = {"operator": True}
    if direction is Direction.FORWARD and spec.kind is Kind.PIVOT:
        body["pivot"] = True
    turn.record(kind, path, body=body, actor=command.actor, reason=command.reason)
    turn.accept(f"step {path} is skipped")
    _go_on(turn, command)


def _resolved(turn: Turn, subject: Subject, command: Command, result: Any) -> bool:
    path, spec, direction, state = subject
    attempt = 0 if state is None else state.attempt
    said = {"operator": True}
    if direction is Direction.BACKWARD:
        if result is None:
            turn.refuse(Code.INVALID_ARGUMENT, f"payload: null: an undo of {path} that had no effect can be skipped")
            return False
        turn.record(EventKind.UNDO_DONE, path, attempt, body=said, actor=command.actor, reason=command.reason)
    elif result is None:
        if turn.instance.pivoted:
            turn.refuse(Refusal.SAGA_REFUSED, f"step {path} is after the pivot: retry it or skip it")
            return False
        step_rejected(turn, path, attempt, command.reason or "an operator says so", said, command.actor)
    elif not isinstance(result, dict):
        turn.refuse(Code.INVALID_ARGUMENT, "payload: send the step's result as a JSON object, or null for no effect")
        return False
    else:
        step_done(turn, path, spec, attempt, result, said, actor=command.actor, reason=command.reason)
    return True


def _subject(turn: Turn, command: Command) -> Subject | None:
    """The open step that a command names; refuses where there is none."""
    path, saga = command.step, turn.instance
    name, index = split_path(path)
    spec = turn.compiled.steps.get(name)
    if spec is None or (spec.loop is None) != (index is None):
        known = ", ".join(step if spec.loop is None else f"{step}[0]" for step, spec in turn.compiled.steps.items())
        turn.refuse(Code.INVALID_ARGUMENT, f"step: there is no step {path!r}; there are: {known}")
        return None
    state = saga.steps.get(path)
    parked_here = saga.attention is not None and saga.attention.step == path
    if state is None and parked_here and turn.forward:
        return Subject(path, spec, Direction.FORWARD, None)
    if state is not None and state.open:
        return Subject(path, spec, Direction.FORWARD, state)
    if state is not None and (state.undo_open or (parked_here and _is_to_be_undone(turn, spec, state))):
        return Subject(path, spec, Direction.BACKWARD, state)
    turn.refuse(
        Refusal.SAGA_REFUSED, f"step {path} is {_standing(state)}: only one that is waiting or stalled can be helped"
    )
    return None


def _is_to_be_undone(turn: Turn, spec: StepSpec, state: StepState) -> bool:
    """Whether its undo is the next to be sent: its own code may have failed on that."""
    effective = state.status in (StepStatus.DONE, StepStatus.IN_DOUBT)
    return not turn.forward and spec.undo is not None and effective and state.undo is StepStatus.NONE


def _standing(state: StepState | None) -> str:
    if state is None:
        return "not begun"
    return state.status if state.undo is StepStatus.NONE else f"{state.status} and its undo {state.undo}"


def _go_on(turn: Turn, command: Command) -> None:
    """Ends the parking, if the saga is parked."""
    if turn.instance.status is Status.NEEDS_ATTENTION:
        turn.record(EventKind.RESUMED, actor=command.actor, reason=command.reason)
        _send_stalled(turn)


def _send_stalled(turn: Turn) -> None:
    for path, state in list(turn.instance.steps.items()):
        spec = turn.compiled.steps[split_path(path)[0]]
        if state.undo is StepStatus.STALLED:
            send_undo(turn, path, spec, fresh=True)
        elif state.status is StepStatus.STALLED and turn.forward:
            send_step(turn, path, spec, fresh=True)
