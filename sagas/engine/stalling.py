"""A reply that can't be used now: its step stalls, so that resuming the saga asks for it again, with the same key."""

from sagas.engine.replies import addressee
from sagas.engine.turn import Turn
from sagas.events import EventKind
from sagas.instance import Direction, StepStatus


def stall(turn: Turn, key: str, reason: str) -> None:
    """Stalls the step, or the undo, that waits for the reply with this key; none may."""
    found = addressee(turn.instance, key)
    if found is None or found.state is None or turn.instance.ended:
        return
    path, direction, state = found
    assert state is not None
    if direction is Direction.BACKWARD and state.undo is StepStatus.WAITING:
        turn.record(EventKind.UNDO_FAILED, path, state.attempt, reason=reason)
    elif direction is Direction.FORWARD and turn.forward and state.status is StepStatus.WAITING:
        turn.record(EventKind.STEP_FAILED, path, state.attempt, reason=reason)
