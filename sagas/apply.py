"""How an event changes a saga. Everything that the engine decides, it decides by appending events to apply.

Nothing here reads a definition, a clock or a function of a saga: a history can be folded anywhere, for ever.
"""

from collections.abc import Callable
from typing import Any

from sagas import values
from sagas.events import EventKind, HistoryEvent
from sagas.instance import (
    Attention,
    Direction,
    GroupState,
    Instance,
    SignalState,
    SignalStatus,
    Status,
    StepState,
    StepStatus,
    TimerState,
)
from sagas.paths import item_path, split_path

Apply = Callable[[Instance, HistoryEvent], None]
DEADLINE = "deadline"
RETAIN = "retain"
# A named tuple's own constructor takes five times as long.
made: Any = tuple.__new__


def apply(instance: Instance | None, event: HistoryEvent) -> Instance | None:
    """The saga after an event: a new one, the one given (which is changed), or None once it is forgotten."""
    if event.kind is EventKind.STARTED:
        return _started(event)
    if event.kind is EventKind.FORGOTTEN:
        return None
    assert instance is not None
    instance.seq = event.seq
    instance.updated_ms = event.at_ms
    if event.data is not None:
        instance.data = event.data
    _APPLY[event.kind](instance, event)
    return instance


def run_timer(path: str) -> str:
    """The name of the timer of a step's (or its undo's) answer."""
    return f"{path}/run"


def retry_timer(path: str) -> str:
    """The name of the timer of a step's (or its undo's) next attempt."""
    return f"{path}/retry"


def undo_path(path: str) -> str:
    """Under which path a step's undo has its timers."""
    return f"{path}/undo"


def signal_timer(name: str) -> str:
    """The name of the timer of a signal that is waited for."""
    return f"signal/{name}"


def _set_timer(instance: Instance, name: str, due_ms: int) -> None:
    instance.epoch += 1
    instance.timers[name] = made(TimerState, (due_ms, instance.epoch))


def _started(event: HistoryEvent) -> Instance:
    instance = Instance(
        event.saga_id, event.run, event.saga, event.version, event.hash, Status.RUNNING, Direction.FORWARD, False,
        event.seq, 0, event.data or b"", event.body["digest"], event.at_ms, event.at_ms, 0, "", None,
        {}, {}, {}, {}, {}, {},
    )  # fmt: skip
    if "deadline_ms" in event.body:
        _set_timer(instance, DEADLINE, event.body["deadline_ms"])
    return instance


def _sent(instance: Instance, event: HistoryEvent) -> None:
    old, body, path = instance.steps.get(event.step), event.body, event.step
    fresh = old is None or "fresh" in body
    budget_from = event.attempt - 1 if old is None or fresh else old.budget_from
    answered = old.answered if old else 0
    state = (StepStatus.WAITING, StepStatus.NONE, event.attempt, budget_from, answered, body["key"], event.at_ms, b"")
    instance.steps[path] = made(StepState, state)
    _await_answer(instance, path, event)


def _undo_sent(instance: Instance, event: HistoryEvent) -> None:
    old, body, path = instance.steps[event.step], event.body, event.step
    first = old.undo is StepStatus.NONE
    budget_from = event.attempt - 1 if first or "fresh" in body else old.budget_from
    answered = 0 if first else old.answered
    instance.steps[path] = StepState(
        old.status, StepStatus.WAITING, event.attempt, budget_from, answered, body["key"], event.at_ms, old.result
    )
    _await_answer(instance, undo_path(path), event)


def _await_answer(instance: Instance, path: str, event: HistoryEvent) -> None:
    if instance.timers or instance.paused:
        instance.timers.pop(retry_timer(path), None)
        instance.paused.pop(retry_timer(path), None)
    if "answer_by_ms" in event.body:
        _set_timer(instance, run_timer(path), event.body["answer_by_ms"])
    else:
        instance.timers.pop(run_timer(path), None)


def _drop_timers(instance: Instance, path: str) -> None:
    for timers in (instance.timers, instance.paused):
        if timers:
            timers.pop(run_timer(path), None)
            timers.pop(retry_timer(path), None)


def _settle(instance: Instance, event: HistoryEvent, status: StepStatus) -> None:
    path, body = event.step, event.body
    old = instance.steps.get(path)
    result = event.result or b""
    answered = event.attempt if "operator" not in body else old.answered if old else 0
    if old is None:
        instance.steps[path] = StepState(status, StepStatus.NONE, 0, 0, 0, "", event.at_ms, result)
    else:
        state = (status, StepStatus.NONE, old.attempt, old.budget_from, answered, old.key, event.at_ms, result)
        instance.steps[path] = made(StepState, state)
    if "pivot" in body:
        instance.pivoted = True
    _drop_timers(instance, path)


def _done(instance: Instance, event: HistoryEvent) -> None:
    _settle(instance, event, StepStatus.DONE)
    _shrink(instance, event.step)


def _shrink(instance: Instance, path: str) -> None:
    """Forgets a loop's items that are done from its start on, where nothing of them will be needed."""
    name, index = split_path(path)
    group = instance.groups.get(name)
    if index is None or group is None or index != group.settled:
        return
    settled = group.settled
    while (state := instance.steps.get(item_path(name, settled))) is not None:
        if state.status is not StepStatus.DONE or state.result:
            break
        del instance.steps[item_path(name, settled)]
        settled += 1
    instance.groups[name] = group._replace(settled=settled)


def _rejected(instance: Instance, event: HistoryEvent) -> None:
    _settle(instance, event, StepStatus.REJECTED)


def _in_doubt(instance: Instance, event: HistoryEvent) -> None:
    old = instance.steps[event.step]
    answered = event.attempt if "answered" in event.body else old.answered
    instance.steps[event.step] = old._replace(status=StepStatus.IN_DOUBT, answered=answered, since_ms=event.at_ms)
    _drop_timers(instance, event.step)


def _upgraded(instance: Instance, event: HistoryEvent) -> None:
    _settle(instance, event, StepStatus.DONE)


def _skipped(instance: Instance, event: HistoryEvent) -> None:
    _settle(instance, event, StepStatus.SKIPPED)


def _failed(instance: Instance, event: HistoryEvent) -> None:
    old = instance.steps[event.step]
    status, answered = _after_failure(old, event)
    instance.steps[event.step] = old._replace(status=status, answered=answered, since_ms=event.at_ms)
    _await_retry(instance, event.step, event)


def _undo_failed(instance: Instance, event: HistoryEvent) -> None:
    old = instance.steps[event.step]
    status, answered = _after_failure(old, event)
    instance.steps[event.step] = old._replace(undo=status, answered=answered, since_ms=event.at_ms)
    _await_retry(instance, undo_path(event.step), event)


def _after_failure(old: StepState, event: HistoryEvent) -> tuple[StepStatus, int]:
    status = StepStatus.RETRYING if "retry_ms" in event.body else StepStatus.STALLED
    return status, event.attempt if "answered" in event.body else old.answered


def _await_retry(instance: Instance, path: str, event: HistoryEvent) -> None:
    _drop_timers(instance, path)
    if "retry_ms" in event.body:
        _set_timer(instance, retry_timer(path), event.body["retry_ms"])


def _undo_done(instance: Instance, event: HistoryEvent) -> None:
    _settle_undo(instance, event, StepStatus.DONE)


def _undo_skipped(instance: Instance, event: HistoryEvent) -> None:
    _settle_undo(instance, event, StepStatus.SKIPPED)


def _settle_undo(instance: Instance, event: HistoryEvent, status: StepStatus) -> None:
    old = instance.steps[event.step]
    answered = old.answered if "operator" in event.body else event.attempt
    instance.steps[event.step] = old._replace(undo=status, answered=answered, since_ms=event.at_ms)
    _drop_timers(instance, undo_path(event.step))


def _nothing(instance: Instance, event: HistoryEvent) -> None:
    """An event that says something and changes nothing but the event's number."""


def _branch_chosen(instance: Instance, event: HistoryEvent) -> None:
    instance.choices[event.step] = event.body["choice"]


def _items_listed(instance: Instance, event: HistoryEvent) -> None:
    items = event.body["items"]
    instance.groups[event.step] = GroupState(len(items), 0, False, values.dumps(items))


def _results_collected(instance: Instance, event: HistoryEvent) -> None:
    instance.groups[event.step] = instance.groups[event.step]._replace(collected=True)


def _signal_awaited(instance: Instance, event: HistoryEvent) -> None:
    instance.signals[event.step] = SignalState(SignalStatus.AWAITED, b"")
    if "due_ms" in event.body:
        _set_timer(instance, signal_timer(event.step), event.body["due_ms"])


def _signal(instance: Instance, event: HistoryEvent, status: SignalStatus, message: bytes = b"") -> None:
    instance.signals[event.step] = SignalState(status, message)
    instance.timers.pop(signal_timer(event.step), None)
    instance.paused.pop(signal_timer(event.step), None)


def _signal_received(instance: Instance, event: HistoryEvent) -> None:
    _signal(instance, event, SignalStatus.RECEIVED, values.dumps(event.body["message"]))


def _signal_taken(instance: Instance, event: HistoryEvent) -> None:
    _signal(instance, event, SignalStatus.TAKEN)


def _signal_declined(instance: Instance, event: HistoryEvent) -> None:
    _signal(instance, event, SignalStatus.DECLINED)


def _signal_timed_out(instance: Instance, event: HistoryEvent) -> None:
    """Where the saga will be parked for it, the signal may still come."""
    status = SignalStatus.AWAITED if "awaited" in event.body else SignalStatus.TIMED_OUT
    _signal(instance, event, status)


def _deadline_passed(instance: Instance, event: HistoryEvent) -> None:
    instance.timers.pop(DEADLINE, None)


def _compensating(instance: Instance, event: HistoryEvent) -> None:
    instance.status, instance.direction = Status.COMPENSATING, Direction.BACKWARD
    instance.reason = event.reason
    for timers in (instance.timers, instance.paused):
        for name in [name for name in timers if name == DEADLINE or name.startswith("signal/")]:
            del timers[name]
    _unpause(instance, event.at_ms)


def _parked(instance: Instance, event: HistoryEvent) -> None:
    instance.status = Status.NEEDS_ATTENTION
    instance.attention = Attention(event.at_ms, event.step, event.reason)
    instance.paused = {name: max(timer.due_ms - event.at_ms, 0) for name, timer in instance.timers.items()}
    instance.timers.clear()


def _resumed(instance: Instance, event: HistoryEvent) -> None:
    instance.status = Status.RUNNING if instance.direction is Direction.FORWARD else Status.COMPENSATING
    _unpause(instance, event.at_ms)


def _unpause(instance: Instance, at_ms: int) -> None:
    for name, left_ms in instance.paused.items():
        _set_timer(instance, name, at_ms + left_ms)
    instance.paused.clear()
    instance.attention = None


def _ended(instance: Instance, event: HistoryEvent) -> None:
    instance.status = Status(event.kind.upper())
    instance.ended_ms = event.at_ms
    if event.reason:
        instance.reason = event.reason
    instance.attention = None
    instance.timers.clear()
    instance.paused.clear()
    if "retain_ms" in event.body:
        _set_timer(instance, RETAIN, event.body["retain_ms"])


_APPLY: dict[EventKind, Apply] = {
    EventKind.STEP_SENT: _sent,
    EventKind.STEP_DONE: _done,
    EventKind.STEP_REJECTED: _rejected,
    EventKind.STEP_FAILED: _failed,
    EventKind.STEP_IN_DOUBT: _in_doubt,
    EventKind.STEP_UPGRADED: _upgraded,
    EventKind.STEP_SKIPPED: _skipped,
    EventKind.UNDO_SENT: _undo_sent,
    EventKind.UNDO_DONE: _undo_done,
    EventKind.UNDO_FAILED: _undo_failed,
    EventKind.UNDO_SKIPPED: _undo_skipped,
    EventKind.LATE_REPLY: _nothing,
    EventKind.BRANCH_CHOSEN: _branch_chosen,
    EventKind.ITEMS_LISTED: _items_listed,
    EventKind.RESULTS_COLLECTED: _results_collected,
    EventKind.SIGNAL_AWAITED: _signal_awaited,
    EventKind.SIGNAL_RECEIVED: _signal_received,
    EventKind.SIGNAL_TAKEN: _signal_taken,
    EventKind.SIGNAL_DECLINED: _signal_declined,
    EventKind.SIGNAL_TIMED_OUT: _signal_timed_out,
    EventKind.DEADLINE_PASSED: _deadline_passed,
    EventKind.COMPENSATING: _compensating,
    EventKind.PARKED: _parked,
    EventKind.RESUMED: _resumed,
    EventKind.COMPLETED: _ended,
    EventKind.COMPENSATED: _ended,
    EventKind.ABORTED: _ended,
}
