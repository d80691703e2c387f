"""The flow: each step once, and no group that means nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.flow import Node, Parallel, Pivot, Run, Seq
from sagas.nodes import steps_in, walk
from sagas.policy import Join


def has_flow(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Without one nothing would happen."""
    if saga.flow is None:
        yield DefinitionError(saga.name, "", "it has no flow", "set saga.flow = seq(...)")


def has_steps(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A group of nothing is a mistake."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, Seq) and not node.members:
            yield DefinitionError(saga.name, "", "a seq() is empty", "put a step into it, or leave it out")
        if isinstance(node, Parallel) and len(node.members) < 2:
            steps = ", ".join(steps_in(node))
            fault = f"a parallel() has {len(node.members)} members ({steps})"
            yield DefinitionError(saga.name, "", fault, "give it two, or leave it out")


def own_steps_only(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A step of another saga has another's data."""
    assert saga.flow is not None
    known = {step.name for step in saga.steps}
    for name in steps_in(saga.flow):
        if name not in known:
            yield DefinitionError(saga.name, name, "it is in the flow, and no step of this saga", "declare it here")


def each_step_once(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A step's name is its identity: run twice, its key would be the same, and its effect too."""
    assert saga.flow is not None
    used = Counter(steps_in(saga.flow))
    for step in saga.steps:
        if used[step.name] == 0:
            yield DefinitionError(saga.name, step.name, "it is not in the flow", "put it there, or remove it")
        if used[step.name] > 1:
            fault = f"it is in the flow {used[step.name]} times"
            yield DefinitionError(saga.name, step.name, fault, "declare a step for each time")


def plain_members_of_any(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """What is lost of such a group must be known by its steps alone."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, Parallel) and node.join is Join.ANY:
            for member in node.members:
                if not _is_plain(member):
                    name = next(iter(steps_in(member)), "")
                    fault = "it is a member of parallel(join=ANY), which takes steps and seq() of steps"
                    yield DefinitionError(saga.name, name, fault, "put branches, loops and signals outside of it")


def _is_plain(node: Node) -> bool:
    return isinstance(node, Run | Pivot) or (isinstance(node, Seq) and all(map(_is_plain, node.members)))


FLOW = (has_flow, has_steps, own_steps_only, each_step_once, plain_members_of_any)
