"""Swift enumerations are enumerations; what makes them swift is there."""

import inspect
import pickle
from copy import deepcopy
from enum import Enum, StrEnum, auto

import pytest

from sagas.events import EventKind
from sagas.instance import StepStatus
from schemas.swift_enum import swift


@swift
class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@swift
class Side(Enum):
    LEFT = auto()
    RIGHT = auto()


@pytest.mark.parametrize("kind", [Colour, Side, EventKind, StepStatus])
def test_members_are_found_without_a_call(kind: type[Enum]) -> None:
    for name, member in kind.__members__.items():
        assert inspect.getattr_static(kind, name) is member
        assert kind.__hash__ in (str.__hash__, object.__hash__)


def test_they_are_what_they_were() -> None:
    assert list(Colour) == [Colour.RED, Colour.BLUE]
    assert Colour("red") is Colour.RED is Colour["RED"]
    assert {Colour.RED: 1}["red"] == 1  # type: ignore[index] # equal, so of one hash
    assert isinstance(Side.LEFT, Side)
    assert Side.LEFT.RIGHT is Side.RIGHT
    assert {Side.LEFT, Side.LEFT, Side.RIGHT} == set(Side)
    assert str(Colour.BLUE) == "blue"
    for member in (*Colour, *Side):
        assert pickle.loads(pickle.dumps(member)) is member
        assert deepcopy(member) is member


def test_members_stay_what_they_are() -> None:
    with pytest.raises(AttributeError, match="RED"):
        Colour.RED = "green"  # type: ignore[misc]
