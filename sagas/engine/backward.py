"""Undoing: in reverse, each part of the flow only once all that came after it is undone."""

from collections.abc import Callable

from sagas.engine.sending import send_undo
from sagas.engine.turn import Turn
from sagas.flow import ForEach, Node, Parallel, Pivot, Run, Seq, WaitSignal, When
from sagas.instance import OPEN, StepStatus
from sagas.nodes import walk
from sagas.paths import item_path


def backward(turn: Turn, node: Node) -> bool:
    """Begins what can be undone within a node; says whether nothing is left of it. Raises SagaFault."""
    return _BACKWARD[type(node)](turn, node)


def _run(turn: Turn, node: Run | Pivot) -> bool:
    return _undo(turn, node.step, node.step)


def _undo(turn: Turn, path: str, name: str) -> bool:
    state = turn.instance.steps.get(path)
    if state is None:
        return True
    if state.status in OPEN:
        return False
    if state.status not in (StepStatus.DONE, StepStatus.IN_DOUBT):
        return True
    spec = turn.compiled.steps[name]
    if spec.undo is None:
        return True
    if state.undo is StepStatus.NONE:
        send_undo(turn, path, spec)
        return False
    return state.undo not in OPEN


def _seq(turn: Turn, node: Seq) -> bool:
    return all(backward(turn, member) for member in reversed(node.members))


def _parallel(turn: Turn, node: Parallel) -> bool:
    if any(_in_flight(turn, member) for member in node.members):
        return False
    undone = [backward(turn, member) for member in node.members]
    return all(undone)


def _in_flight(turn: Turn, node: Node) -> bool:
    steps = turn.instance.steps
    for inner in walk(node):
        if isinstance(inner, Run | Pivot):
            state = steps.get(inner.step)
            if state is not None and state.status in OPEN:
                return True
        elif isinstance(inner, ForEach) and any(steps[path].status in OPEN for path in _begun(turn, inner)):
            return True
    return False


def _begun(turn: Turn, node: ForEach) -> list[str]:
    """The paths of a loop's items that were begun and left something to keep."""
    group = turn.instance.groups.get(node.body)
    if group is None:
        return []
    paths = (item_path(node.body, index) for index in range(group.settled, group.total))
    return [path for path in paths if path in turn.instance.steps]


def _for_each(turn: Turn, node: ForEach) -> bool:
    """As many items at once as went forward at once, the last first."""
    if _in_flight(turn, node):
        return False
    in_flight, spec = 0, turn.compiled.steps[node.body]
    if spec.undo is None:
        return True
    paths = _begun(turn, node)
    in_flight = sum(turn.instance.steps[path].undo in OPEN for path in paths)
    for path in reversed(paths):
        state = turn.instance.steps[path]
        if in_flight >= node.max_in_flight:
            break
        if state.undo is StepStatus.NONE and not _undo(turn, path, node.body):
            in_flight += 1
    return in_flight == 0


def _when(turn: Turn, node: When) -> bool:
    choice = turn.instance.choices.get(node.name)
    branch = None if choice is None else node.then if choice else node.otherwise
    return True if branch is None else backward(turn, branch)


def _wait(turn: Turn, node: WaitSignal) -> bool:
    return True


_BACKWARD: dict[type, Callable[..., bool]] = {
    Run: _run,
    Pivot: _run,
    Seq: _seq,
    Parallel: _parallel,
    ForEach: _for_each,
    When: _when,
    WaitSignal: _wait,
}
