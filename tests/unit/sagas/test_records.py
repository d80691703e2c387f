"""Copies of a saga's records are as pydantic makes them."""

from copy import copy, deepcopy
from typing import Any

import pytest
from pydantic import PrivateAttr, ValidationError

from sagas.records import SagaRecord


class Order(SagaRecord):
    order: str
    items: tuple[str, ...] = ()


class Counted(SagaRecord):
    order: str
    _count: int = PrivateAttr(default=3)


def test_a_copy_is_equal_and_apart() -> None:
    first = Order(order="a")
    second = first.model_copy(update={"items": ("x",)})
    assert (first.items, second.items) == ((), ("x",))
    assert second == Order(order="a", items=("x",))
    assert (first.model_fields_set, second.model_fields_set) == ({"order"}, {"order", "items"})
    assert copy(first) == first == deepcopy(first)
    assert second.model_dump_json() == '{"order":"a","items":["x"]}'


def test_a_copy_is_frozen() -> None:
    second: Any = copy(Order(order="a"))
    with pytest.raises(ValidationError, match="frozen"):
        second.order = "b"


def test_private_attributes_are_copied() -> None:
    first = Counted(order="a")
    first._count = 5
    assert first.model_copy()._count == 5
