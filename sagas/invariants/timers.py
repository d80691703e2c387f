"""Timers and what waits for them."""

from sagas.apply import DEADLINE, RETAIN, retry_timer, run_timer, signal_timer, undo_path
from sagas.compiled import Compiled
from sagas.effects import SetTimer
from sagas.events import EventKind
from sagas.inputs import TimerFired
from sagas.instance import OPEN, Direction, Instance, SignalStatus, Status, StepStatus
from sagas.invariants.broken import holds
from sagas.invariants.run import Run
from sagas.paths import split_path


def stale_timers_do_nothing(run: Run) -> None:
    """Timer (saga, run, step, attempt, epoch) fires effectively ≤ 1; a stale epoch is a no-op."""
    last = run.last
    if not isinstance(last.given, TimerFired):
        return
    live = None if last.before is None else last.before.timers.get(last.given.name)
    if live is None or live.epoch != last.given.epoch:
        this = stale_timers_do_nothing
        holds(not last.effects, this, lambda: f"{last.given} is not set ({live} is), and led to {last.effects}")


def no_timer_fires_early(run: Run) -> None:
    """No timer fires before its due time."""
    last = run.last
    if not isinstance(last.given, TimerFired) or last.before is None:
        return
    live = last.before.timers.get(last.given.name)
    if live is not None and live.epoch == last.given.epoch and last.now_ms < live.due_ms:
        again = [effect for effect in last.effects if not isinstance(effect, SetTimer)]
        declined = last.effects and not again
        holds(declined, no_timer_fires_early, lambda: f"{last.given} came at {last.now_ms}, and led to {again}")


def every_wait_has_its_timer(run: Run) -> None:
    """Every pending wait has exactly one live timer or an explicit "no timeout"; and no timer is without its wait."""
    saga, compiled = run.last.after, run.compiled
    if saga is None or compiled is None:
        return
    kept = dict.fromkeys(saga.paused, 0) if saga.status is Status.NEEDS_ATTENTION else saga.timers
    wanted = expected_timers(saga, compiled, run)
    this = every_wait_has_its_timer
    holds(set(kept) == wanted, this, lambda: f"{saga.status}: timers {sorted(kept)}, wanted {sorted(wanted)}")
    parked = saga.status is Status.NEEDS_ATTENTION
    holds(not (saga.timers if parked else saga.paused), this, lambda: f"{saga.status}, and timers of both kinds")


def timers_outside_are_those_of_the_state(run: Run) -> None:
    """What the effects set and cleared is what the state says."""
    saga = run.last.after
    inside = {} if saga is None else {name: tuple(timer) for name, timer in saga.timers.items()}
    this = timers_outside_are_those_of_the_state
    holds(inside == run.timers, this, lambda: f"the state has {inside}, the effects left {run.timers}")


def expected_timers(saga: Instance, compiled: Compiled, run: Run) -> set[str]:
    """The timers that a saga's waits need."""
    if saga.ended:
        return set() if compiled.retain_ms is None else {RETAIN}
    names: set[str] = set()
    for path, state in saga.steps.items():
        spec = compiled.steps[split_path(path)[0]]
        if state.status in OPEN:
            names |= _of_wait(path, state.status, spec.request.timeout.answer_ms)
        if state.undo in OPEN and spec.undo is not None:
            names |= _of_wait(undo_path(path), state.undo, spec.undo.timeout.answer_ms)
    if saga.direction is Direction.FORWARD:
        names |= _of_signals(saga, compiled, run)
        if compiled.deadline is not None and not any(event.kind is EventKind.DEADLINE_PASSED for event in run.history):
            names.add(DEADLINE)
    return names


def _of_wait(path: str, status: StepStatus, answer_ms: int | None) -> set[str]:
    if status is StepStatus.RETRYING:
        return {retry_timer(path)}
    return {run_timer(path)} if status is StepStatus.WAITING and answer_ms is not None else set()


def _of_signals(saga: Instance, compiled: Compiled, run: Run) -> set[str]:
    timed_out = {event.step for event in run.history if event.kind is EventKind.SIGNAL_TIMED_OUT}
    return {
        signal_timer(name)
        for name, state in saga.signals.items()
        if state.status is SignalStatus.AWAITED
        and compiled.signals[name].timeout_ms is not None
        and name not in timed_out
    }


TIMERS = (
    stale_timers_do_nothing,
    no_timer_fires_early,
    every_wait_has_its_timer,
    timers_outside_are_those_of_the_state,
)
