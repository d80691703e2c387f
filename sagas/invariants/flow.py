"""What a flow's shape says about its steps: computed apart from the engine, which walks the flow itself."""

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from sagas.flow import ForEach, Node, Parallel, Pivot, Seq, WaitSignal, When
from sagas.flow import Run as RunStep
from sagas.instance import SignalStatus, StepStatus
from sagas.invariants.run import Run
from sagas.invariants.standing import NEVER
from sagas.nodes import children, steps_in
from sagas.paths import item_path
from sagas.policy import Join, OnTimeout


class Shape(NamedTuple):
    """For each step, by name: those after it in a sequence, and those beside it in a group or a loop."""

    after: dict[str, frozenset[str]]
    beside: dict[str, frozenset[str]]


@lru_cache(maxsize=256)
def shape(flow: Node) -> Shape:
    """The relations of all steps of a flow."""
    after: dict[str, set[str]] = defaultdict(set)
    beside: dict[str, set[str]] = defaultdict(set)
    _relate(flow, after, beside)
    names = list(steps_in(flow))
    return Shape({name: frozenset(after[name]) for name in names}, {name: frozenset(beside[name]) for name in names})


def _relate(node: Node, after: dict[str, set[str]], beside: dict[str, set[str]]) -> None:
    members = children(node)
    for place, member in enumerate(members):
        for name in steps_in(member):
            if isinstance(node, Seq):
                after[name].update(step for later in members[place + 1 :] for step in steps_in(later))
            elif isinstance(node, Parallel):
                beside[name].update(step for other in members if other is not member for step in steps_in(other))
        _relate(member, after, beside)
    if isinstance(node, ForEach):
        beside[node.body].add(node.body)


def is_complete(node: Node, run: Run) -> bool:
    """Whether all that a completed saga needs of a node is done."""
    if isinstance(node, RunStep | Pivot):
        return _is_done(node.step, run)
    if isinstance(node, Seq):
        return all(is_complete(member, run) for member in node.members)
    if isinstance(node, Parallel):
        met = any if node.join is Join.ANY else all
        return met(is_complete(member, run) for member in node.members)
    saga = run.last.after
    assert saga is not None
    if isinstance(node, ForEach):
        group = saga.groups.get(node.body)
        return group is not None and all(_is_done(item_path(node.body, index), run) for index in range(group.total))
    if isinstance(node, When):
        branch = node.then if saga.choices.get(node.name) else node.otherwise
        return node.name in saga.choices and (branch is None or is_complete(branch, run))
    return _was_heard(node, saga.signals[node.name].status if node.name in saga.signals else None)


def _is_done(path: str, run: Run) -> bool:
    return run.standings.get(path, NEVER).status in (StepStatus.DONE, StepStatus.SKIPPED)


def _was_heard(node: WaitSignal, status: SignalStatus | None) -> bool:
    if status is SignalStatus.TIMED_OUT:
        return node.on_timeout is OnTimeout.CONTINUE
    return status is SignalStatus.TAKEN
