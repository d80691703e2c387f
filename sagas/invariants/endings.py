"""How sagas end."""

from sagas.effects import Ended
from sagas.events import EventKind
from sagas.instance import Status, StepStatus
from sagas.invariants.broken import InvariantBroken, holds
from sagas.invariants.flow import is_complete
from sagas.invariants.run import Run
from sagas.paths import split_path

_ENDINGS = (EventKind.COMPLETED, EventKind.COMPENSATED, EventKind.ABORTED)
_BACK = (EventKind.COMPENSATING, EventKind.UNDO_SENT, EventKind.COMPENSATED)
_SETTLED = (StepStatus.DONE, StepStatus.SKIPPED)


def one_end_for_ever(run: Run) -> None:
    """Exactly one terminal status ever; terminal is absorbing; one terminal event on output."""
    last, this = run.last, one_end_for_ever
    ends = [event.kind for event in run.history if event.kind in _ENDINGS]
    holds(len(ends) <= 1, this, lambda: f"it ended {len(ends)} times: {', '.join(ends)}")
    holds(len(run.ended) == len(ends), this, lambda: f"its ends are {ends}, and {len(run.ended)} were published")
    for ended in last.of(Ended):
        if last.after is None or last.after.status is not ended.status:
            raise InvariantBroken(this, f"{ended.status} was published, and is not the saga's status")
    if last.before is not None and last.before.ended:
        kinds = [event.kind for event in last.events if event.kind is not EventKind.FORGOTTEN]
        holds(not kinds, this, lambda: f"after its end this happened: {', '.join(kinds)}")
        same = last.after is None or last.after.status is last.before.status
        holds(same, this, lambda: f"an end became another: {last.before} became {last.after}")


def completed_means_all_was_done(run: Run) -> None:
    """COMPLETED ⇒ every non-skipped forward step DONE exactly once, no undo command exists."""
    after, this, compiled = run.last.after, completed_means_all_was_done, run.compiled
    for path, standing in run.standings.items():
        if standing.done > 1:
            raise InvariantBroken(this, f"step {path} was done {standing.done} times")
    if after is None or after.status is not Status.COMPLETED or compiled is None:
        return
    for path, standing in run.standings.items():
        if standing.open or standing.undo is not StepStatus.NONE:
            undo = standing.undo or "not sent"
            raise InvariantBroken(this, f"it completed, and step {path} is {standing.status}, its undo {undo}")
    holds(is_complete(compiled.flow, run), this, lambda: "it completed, and a part of the flow is not done")


def compensated_means_all_was_undone(run: Run) -> None:
    """COMPENSATED ⇒ every DONE or IN_DOUBT compensatable step has exactly one *effective* undo; no REJECTED or
    never-started step has any."""
    after, this, compiled = run.last.after, compensated_means_all_was_undone, run.compiled
    if compiled is None:
        return
    over = after is not None and after.status is Status.COMPENSATED
    for path, standing in run.standings.items():
        spec = compiled.steps.get(split_path(path)[0])
        undoable = spec is not None and spec.undo is not None
        told = f"step {path} is {standing.status}, its undo {standing.undo or 'was never sent'}"
        if standing.undone > 1:
            raise InvariantBroken(this, f"step {path} was undone {standing.undone} times")
        if standing.undo is not StepStatus.NONE and not (standing.effective and undoable):
            raise InvariantBroken(this, f"nothing was to be undone: {told}")
        if over and (standing.open or (standing.effective and undoable and standing.undo not in _SETTLED)):
            raise InvariantBroken(this, f"it is compensated, and {told}")


def no_way_back_after_the_pivot(run: Run) -> None:
    """After pivot DONE: never COMPENSATING."""
    pivoted = False
    for event in run.history:
        pivoted = pivoted or "pivot" in event.body
        if pivoted and event.kind in _BACK:
            raise InvariantBroken(no_way_back_after_the_pivot, f"{event.kind} at event {event.seq} is after the pivot")


ENDINGS = (
    one_end_for_ever,
    completed_means_all_was_done,
    compensated_means_all_was_undone,
    no_way_back_after_the_pivot,
)
