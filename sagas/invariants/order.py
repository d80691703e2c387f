"""In which order sagas undo, and that they do not go on meanwhile."""

from sagas.compiled import Compiled
from sagas.events import EventKind
from sagas.instance import OPEN, Direction, StepStatus
from sagas.invariants.broken import InvariantBroken
from sagas.invariants.flow import shape
from sagas.invariants.run import Run
from sagas.invariants.standing import Standings, stand
from sagas.paths import split_path

_SETTLED = (StepStatus.DONE, StepStatus.SKIPPED)


def undo_follows_the_reverse_order(run: Run) -> None:
    """Undo order respects reverse of the recorded dependency order; no undo of X is published before every successor
    of X is settled, nor before everything beside X is."""
    compiled = run.compiled
    if compiled is None or not any(event.kind is EventKind.UNDO_SENT for event in run.last.events):
        return
    standings = run.was.copy()
    for event in run.last.events:
        if event.kind is EventKind.UNDO_SENT:
            _may_be_undone(compiled, standings, event.step)
        stand(standings, event)


def _may_be_undone(compiled: Compiled, standings: Standings, path: str) -> None:
    this, known = undo_follows_the_reverse_order, shape(compiled.flow)
    name = split_path(path)[0]
    for other, standing in standings.items():
        step = split_path(other)[0]
        if other == path or step not in compiled.steps:
            continue
        after = step in known.after[name]
        if (after or step in known.beside[name]) and standing.open:
            raise InvariantBroken(this, f"{path} is undone while {other} is {standing.status}")
        undoable = standing.effective and compiled.steps[step].undo is not None
        if after and undoable and standing.undo not in _SETTLED:
            found = f"{path} is undone before {other}, whose undo is {standing.undo or 'not sent'}"
            raise InvariantBroken(this, found)


def nothing_goes_forward_once_it_compensates(run: Run) -> None:
    """No forward command is published after the first transition to COMPENSATING."""
    this, turned = nothing_goes_forward_once_it_compensates, False
    for event in run.history:
        turned = turned or event.kind is EventKind.COMPENSATING
        if turned and event.kind is EventKind.STEP_SENT:
            raise InvariantBroken(this, f"step {event.step} is sent: event {event.seq}")
    ahead = [send.step for send in run.last.sends if send.direction is Direction.FORWARD]
    before = run.last.before
    if before is not None and before.direction is Direction.BACKWARD and ahead:
        raise InvariantBroken(this, f"commands went out for {', '.join(ahead)}")


def loops_keep_their_bound(run: Run) -> None:
    """Items of a for_each go forward at most `max_in_flight` at once, and are undone by as many at once."""
    compiled = run.compiled
    for name, spec in () if compiled is None else compiled.steps.items():
        if spec.loop is None:
            continue
        items = [standing for path, standing in run.standings.items() if split_path(path)[0] == name]
        ahead = sum(standing.open for standing in items)
        back = sum(standing.undo in OPEN for standing in items)
        if max(ahead, back) > spec.loop.max_in_flight:
            found = f"{ahead} items of {name} go forward and {back} back, and {spec.loop.max_in_flight} may"
            raise InvariantBroken(loops_keep_their_bound, found)


ORDER = (undo_follows_the_reverse_order, nothing_goes_forward_once_it_compensates, loops_keep_their_bound)
