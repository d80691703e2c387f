"""Timers that came due. One that is not set any more, or anew since, is declined."""

from sagas.apply import DEADLINE, RETAIN, undo_path
from sagas.engine.advance import compensate, park, past_pivot
from sagas.engine.sending import send_step, send_undo
from sagas.engine.settling import step_failed, undo_failed
from sagas.engine.turn import SagaFault, Turn
from sagas.events import EventKind
from sagas.inputs import TimerFired
from sagas.instance import Instance
from sagas.paths import split_path
from sagas.policy import OnDeadline, OnTimeout

_UNDO = undo_path("")


def is_due(instance: Instance, fired: TimerFired, now_ms: int) -> bool:
    """Whether the timer is the one that is set, and not early."""
    timer = instance.timers.get(fired.name)
    return timer is not None and timer.epoch == fired.epoch and timer.due_ms <= now_ms


def on_timer(turn: Turn, fired: TimerFired) -> None:
    """What comes of a timer that is due."""
    subject, _, what = fired.name.rpartition("/")
    if fired.name == DEADLINE:
        _deadline(turn)
    elif fired.name == RETAIN:
        turn.record(EventKind.FORGOTTEN)
    elif subject == "signal":
        _signal(turn, what)
    elif what == "run":
        _unanswered(turn, subject)
    else:
        _again(turn, subject)


def _deadline(turn: Turn) -> None:
    deadline = turn.compiled.deadline
    assert deadline is not None
    turn.record(EventKind.DEADLINE_PASSED)
    if past_pivot(turn.instance, turn):
        park(turn, "", f"the deadline of {deadline.ms} ms passed, after the pivot")
    elif deadline.then is OnDeadline.ATTENTION:
        park(turn, "", f"the deadline of {deadline.ms} ms passed")
    else:
        compensate(turn, f"the deadline of {deadline.ms} ms passed")


def _signal(turn: Turn, name: str) -> None:
    node = turn.compiled.signals[name]
    parks = node.on_timeout is OnTimeout.ATTENTION
    turn.record(EventKind.SIGNAL_TIMED_OUT, name, body={"awaited": True} if parks else {})
    if parks:
        park(turn, name, f"signal {name} did not come within {node.timeout_ms} ms")


def _unanswered(turn: Turn, subject: str) -> None:
    path = subject.removesuffix(_UNDO)
    spec, state = turn.compiled.steps[split_path(path)[0]], turn.instance.steps[path]
    request = spec.request if subject == path else spec.undo
    assert request is not None
    reason = f"no answer to attempt {state.attempt} within {request.timeout.answer_ms} ms"
    if subject == path:
        step_failed(turn, path, spec, state, reason, {"timed_out": True})
    else:
        undo_failed(turn, path, spec, state, reason, {"timed_out": True})


def _again(turn: Turn, subject: str) -> None:
    path = subject.removesuffix(_UNDO)
    spec = turn.compiled.steps[split_path(path)[0]]
    send = send_step if subject == path else send_undo
    try:
        send(turn, path, spec)
    except SagaFault as fault:
        state = turn.instance.steps[path]
        kind = EventKind.STEP_FAILED if subject == path else EventKind.UNDO_FAILED
        turn.record(kind, path, state.attempt, reason=fault.reason)
        park(turn, path, fault.reason)
