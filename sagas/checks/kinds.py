"""Kinds of steps and their places: what comes before the pivot can be undone, what comes after it can't fail."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

from sagas.definition import Saga, Step
from sagas.errors import DefinitionError
from sagas.flow import ForEach, Node, Parallel, Pivot, Run, Seq, WaitSignal, When
from sagas.nodes import walk
from sagas.policy import Kind, OnTimeout


class Stage(Enum):
    """Where a node is: before any pivot, after one, or either, as branches go."""

    BEFORE = "before"
    AFTER = "after"
    EITHER = "either"


class Placed(NamedTuple):
    """A node that does something, and its stage."""

    node: Run | Pivot | ForEach | WaitSignal
    stage: Stage


def repeated_functions(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """The later one would silently win."""
    for step in saga.steps:
        for what in step.repeated:
            yield DefinitionError(saga.name, step.name, f"it has {what} twice", "keep one of them")


def compensation_where_it_helps(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Of a compensatable step, and of no other."""
    for step in saga.steps:
        if step.undo is not None and step.kind is not Kind.COMPENSATABLE:
            fault = f"it is {step.kind} and has a compensation, which could never run"
            yield DefinitionError(saga.name, step.name, fault, "remove that, or make it COMPENSATABLE")
        if step.no_undo is not None and (step.kind is not Kind.COMPENSATABLE or step.undo is not None):
            fault = "it says why it needs no compensation, which nobody asks of it"
            yield DefinitionError(saga.name, step.name, fault, "remove no_undo")


def compensation_where_it_is_needed(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """A saga that fails must know what to do about each step."""
    for step in saga.steps:
        if step.kind is Kind.COMPENSATABLE and step.undo is None and not (step.no_undo or "").strip():
            fault = "it comes before the pivot and has no compensation"
            cure = 'add one, make it READ_ONLY, or say no_undo="why it needs none"'
            yield DefinitionError(saga.name, step.name, fault, cure)


def no_rejection_of_retriable(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """After the pivot nothing may be refused."""
    for step in saga.steps:
        if step.kind is Kind.RETRIABLE and step.asking.rejects:
            fault = f"it is retriable and may be rejected ({', '.join(step.asking.rejects)})"
            yield DefinitionError(saga.name, step.name, fault, "put what may be refused before the pivot")


def pivots_are_marked(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Whoever reads the flow must see it."""
    assert saga.flow is not None
    steps = _steps(saga)
    for node in walk(saga.flow):
        if isinstance(node, Pivot) and steps[node.step].kind is not Kind.PIVOT:
            cure = "declare it with kind=Kind.PIVOT"
            yield DefinitionError(saga.name, node.step, f"it is the pivot and {steps[node.step].kind}", cure)
        name = node.step if isinstance(node, Run) else node.body if isinstance(node, ForEach) else None
        if name is not None and steps[name].kind is Kind.PIVOT:
            yield DefinitionError(
                saga.name, name, "it is a pivot that is not marked", f"write pivot({name}) in the flow"
            )


def pivots_stand_alone(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """What runs beside a pivot would be before and after it."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, Parallel):
            for inner in walk(node):
                if isinstance(inner, Pivot):
                    yield DefinitionError(saga.name, inner.step, "it is a pivot in a parallel()", "put it into a seq()")


def one_pivot_on_a_path(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """After the first there is nothing left to decide."""
    for node, stage in placed(saga):
        if isinstance(node, Pivot) and stage is not Stage.BEFORE:
            yield DefinitionError(saga.name, node.step, "it is the second pivot on a path", "make it RETRIABLE")


def one_stage_for_each_step(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Whether a step can be undone may not depend on a branch."""
    for node, stage in placed(saga):
        name = _name(node)
        if stage is Stage.EITHER and not isinstance(node, Pivot):
            fault = "it comes after a branch that has a pivot on one side only"
            yield DefinitionError(saga.name, name, fault, "put a pivot into both sides, or after the branch")


def retriable_after_the_pivot(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """And only there."""
    steps = _steps(saga)
    for node, stage in placed(saga):
        if isinstance(node, WaitSignal | Pivot):
            continue
        name = _name(node)
        kind = steps[name].kind
        if stage is Stage.AFTER and kind is not Kind.RETRIABLE:
            yield DefinitionError(saga.name, name, f"it comes after the pivot and is {kind}", "make it RETRIABLE")
        if stage is Stage.BEFORE and kind is Kind.RETRIABLE:
            fault = "it is retriable and comes before any pivot"
            yield DefinitionError(saga.name, name, fault, "make it COMPENSATABLE, or put pivot(...) before it")


def signals_after_the_pivot(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """They can't turn the saga back."""
    for node, stage in placed(saga):
        if not isinstance(node, WaitSignal) or stage is not Stage.AFTER:
            continue
        if node.accept is not None:
            yield DefinitionError(saga.name, node.name, "it may be declined after the pivot", "leave `accept` out")
        if node.timeout_ms is not None and node.on_timeout is OnTimeout.COMPENSATE:
            fault = "it compensates after the pivot, when it is not there in time"
            yield DefinitionError(saga.name, node.name, fault, "choose OnTimeout.CONTINUE or ATTENTION")


def placed(saga: Saga[Any, Any]) -> list[Placed]:
    """Every node that does something, with its stage, in the order they are written."""
    assert saga.flow is not None
    found: list[Placed] = []
    _place(saga.flow, Stage.BEFORE, found)
    return found


def _place(node: Node, stage: Stage, found: list[Placed]) -> Stage:
    """Adds what is within a node; the stage after it."""
    if isinstance(node, Seq):
        for member in node.members:
            stage = _place(member, stage, found)
        return stage
    if isinstance(node, Parallel):
        for member in node.members:
            _place(member, stage, found)
        return stage
    if isinstance(node, When):
        then = _place(node.then, stage, found)
        otherwise = stage if node.otherwise is None else _place(node.otherwise, stage, found)
        return then if then is otherwise else Stage.EITHER
    found.append(Placed(node, stage))
    return Stage.AFTER if isinstance(node, Pivot) else stage


def _name(node: Run | Pivot | ForEach | WaitSignal) -> str:
    return node.body if isinstance(node, ForEach) else node.name if isinstance(node, WaitSignal) else node.step


def _steps(saga: Saga[Any, Any]) -> dict[str, Step[Any]]:
    return {step.name: step for step in saga.steps}


KINDS = (
    repeated_functions,
    compensation_where_it_helps,
    pivots_are_marked,
    pivots_stand_alone,
    one_pivot_on_a_path,
    one_stage_for_each_step,
    retriable_after_the_pivot,
    compensation_where_it_is_needed,
    no_rejection_of_retriable,
    signals_after_the_pivot,
)
