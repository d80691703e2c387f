"""What participants really did: known in tests, where the participants are ours."""

from sagas.instance import Status, StepStatus
from sagas.invariants.broken import InvariantBroken
from sagas.invariants.run import Run
from sagas.paths import split_path
from sagas.policy import Kind


def effects_happen_once(run: Run) -> None:
    """Participant effect count per step ≤ 1, and exactly 1 for steps recorded DONE."""
    deeds, this = run.deeds, effects_happen_once
    if deeds is None:
        return
    for path, count in deeds.done.items():
        if count > 1:
            raise InvariantBroken(this, f"step {path} took effect {count} times")
    for path in _done(run):
        if deeds.done.get(path) != 1:
            raise InvariantBroken(this, f"step {path} is DONE, and took effect {deeds.done.get(path, 0)} times")


def nothing_is_left_of_what_was_compensated(run: Run) -> None:
    """COMPENSATED ⇒ of no compensatable step an effect is left, whatever arrives, and whenever."""
    deeds, compiled = run.deeds, run.compiled
    if deeds is None or compiled is None or _status(run) is not Status.COMPENSATED:
        return
    for path in deeds.done:
        standing = run.standings.get(path)
        undoable = compiled.steps[split_path(path)[0]].undo is not None
        if undoable and deeds.left(path) != 0 and not (standing is not None and standing.helped):
            found = f"of step {path}, which is {standing}, there is left {deeds.left(path)}"
            raise InvariantBroken(nothing_is_left_of_what_was_compensated, found)


def completed_ones_keep_their_effects(run: Run) -> None:
    """COMPLETED ⇒ the effect of every DONE step is there."""
    if run.deeds is None or _status(run) is not Status.COMPLETED:
        return
    for path in _done(run):
        if run.deeds.left(path) != 1:
            found = f"of step {path} there is left {run.deeds.left(path)}"
            raise InvariantBroken(completed_ones_keep_their_effects, found)


def _status(run: Run) -> Status | None:
    saga = run.last.after
    return None if saga is None else saga.status


def _done(run: Run) -> list[str]:
    """The steps that participants did, and that have an effect."""
    compiled = run.compiled
    if compiled is None:
        return []
    return [
        path
        for path, standing in run.standings.items()
        if standing.status is StepStatus.DONE
        and not standing.helped
        and compiled.steps[split_path(path)[0]].kind is not Kind.READ_ONLY
    ]


EFFECTS = (effects_happen_once, nothing_is_left_of_what_was_compensated, completed_ones_keep_their_effects)
