"""All functions of a definition: what is checked of each, and what its hash covers."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sagas.definition import Saga
from sagas.flow import ForEach, WaitSignal, When
from sagas.nodes import walk


class Written(NamedTuple):
    """A function, whose it is, what it is there, and what it is given."""

    step: str
    label: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]


def functions(saga: Saga[Any, Any]) -> Iterator[Written]:
    """Each function of a saga with a flow."""
    assert saga.flow is not None
    yield Written("", "saga_id", saga.saga_id, ("start",))
    yield Written("", "initial", saga.initial, ("start",))
    nodes = list(walk(saga.flow))
    looped = {node.body for node in nodes if isinstance(node, ForEach)}
    for step in saga.steps:
        first = ("data", "item") if step.name in looped else ("data",)
        yield Written(step.name, "command", step.asking.function, first)
        if step.asking.key is not None:
            yield Written(step.name, "key", step.asking.key, first)
        if step.replied is not None:
            yield Written(step.name, "on_reply", step.replied, (*first, "reply"))
        if step.undo is not None:
            yield Written(step.name, "compensation", step.undo.function, (*first, "outcome"))
            if step.undo.key is not None:
                yield Written(step.name, "compensation's key", step.undo.key, first)
    for node in nodes:
        if isinstance(node, ForEach):
            yield Written(node.body, "items", node.items, ("data",))
        elif isinstance(node, When):
            yield Written(node.name, "predicate", node.predicate, ("data",))
        elif isinstance(node, WaitSignal):
            if node.accept is not None:
                yield Written(node.name, "accept", node.accept, ("data", "message"))
            if node.on_signal is not None:
                yield Written(node.name, "on_signal", node.on_signal, ("data", "message"))
