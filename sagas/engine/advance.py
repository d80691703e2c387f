"""After an input: as far as the saga can go by itself, to its end or until it waits again."""

from sagas.engine.backward import backward
from sagas.engine.forward import Outlook, any_open, forward
from sagas.engine.turn import SagaFault, Turn
from sagas.events import EventKind
from sagas.instance import Instance, Status, StepStatus
from sagas.limits import shortened
from sagas.policy import Kind


def advance(turn: Turn) -> None:
    """Goes on, undoes, or ends; parks the saga where its own code fails. A parked or ended saga stays as it is."""
    try:
        if turn.instance.status is Status.RUNNING:
            _go_on(turn)
        if turn.instance.status is Status.COMPENSATING:
            _go_back(turn)
    except SagaFault as fault:
        park(turn, fault.step, fault.reason)


def compensate(turn: Turn, reason: str, actor: str = "") -> None:
    """Turns back. Steps that wait for another attempt get none: what they did is in doubt."""
    turn.record(EventKind.COMPENSATING, reason=shortened(reason), actor=actor)
    for path, state in list(turn.instance.steps.items()):
        if state.status in (StepStatus.RETRYING, StepStatus.STALLED):
            turn.record(EventKind.STEP_IN_DOUBT, path, state.attempt, reason="the saga compensates")


def park(turn: Turn, step: str, reason: str) -> None:
    """Stops until an operator helps; what it was parked for first is what is told."""
    if turn.instance.status in (Status.RUNNING, Status.COMPENSATING):
        turn.record(EventKind.PARKED, step, reason=shortened(reason))


def end(turn: Turn, kind: EventKind, reason: str = "", actor: str = "") -> None:
    """The end, and when the saga may be forgotten."""
    retain_ms = turn.compiled.retain_ms
    body = {} if retain_ms is None else {"retain_ms": turn.now_ms + retain_ms}
    turn.record(kind, body=body, reason=reason, actor=actor)


def past_pivot(instance: Instance, turn: Turn) -> bool:
    """Whether the saga may not turn back: its pivot is done, or was sent and may be."""
    if instance.pivoted:
        return True
    pivots = (spec.name for spec in turn.compiled.steps.values() if spec.kind is Kind.PIVOT)
    return any((state := instance.steps.get(name)) is not None and state.open for name in pivots)


def _go_on(turn: Turn) -> None:
    outlook = forward(turn, turn.compiled.flow)
    if outlook is Outlook.FAILED:
        if turn.instance.pivoted:
            park(turn, "", turn.why)
        else:
            compensate(turn, turn.why)
    elif outlook is Outlook.DONE and not any_open(turn):
        end(turn, EventKind.COMPLETED)


def _go_back(turn: Turn) -> None:
    if backward(turn, turn.compiled.flow):
        end(turn, EventKind.COMPENSATED)
