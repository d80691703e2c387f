"""Loops: a saga's state has a bound, so a loop needs one."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.flow import ForEach
from sagas.nodes import walk

MAX_ITEMS = 10_000
MAX_IN_FLIGHT = 1_000


def bounded(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """What comes from outside has no bound of its own."""
    for node in _loops(saga):
        if node.max_items is None or not 1 <= node.max_items <= MAX_ITEMS:
            fault = "its for_each has no bound" if node.max_items is None else f"its max_items is {node.max_items}"
            yield DefinitionError(saga.name, node.body, fault, f"set max_items, 1 to {MAX_ITEMS}")


def in_flight(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """One transition sends as many commands."""
    for node in _loops(saga):
        if not 1 <= node.max_in_flight <= MAX_IN_FLIGHT:
            fault = f"its max_in_flight is {node.max_in_flight}"
            yield DefinitionError(saga.name, node.body, fault, f"set 1 to {MAX_IN_FLIGHT}")


def items_survive(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """The items are kept in the state as JSON."""
    for node in _loops(saga):
        if node.item is None:
            continue
        try:
            TypeAdapter(list[node.item]).json_schema(mode="serialization")  # type: ignore[name-defined]
        except Exception as error:  # pydantic raises several kinds for types that it or JSON can't have
            fault = f"its items' type can't be written as JSON: {error}"
            yield DefinitionError(saga.name, node.body, fault, "use a type that pydantic can write and read as JSON")


def _loops(saga: Saga[Any, Any]) -> Iterator[ForEach]:
    assert saga.flow is not None
    yield from (node for node in walk(saga.flow) if isinstance(node, ForEach))


LOOPS = (bounded, in_flight, items_survive)
