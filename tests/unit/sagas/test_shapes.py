"""What a record's fields are, in words that stay."""

from typing import Annotated, Any

from pydantic import Field

from sagas.records import SagaRecord
from sagas.shapes import item_shape, shape, type_text


class Line(SagaRecord):
    """A part of a bill."""

    amount: Annotated[int, Field(ge=0)]
    next: "Line | None" = None


class Bill(SagaRecord):
    """A record with much in it."""

    name: str
    lines: tuple[Line, ...] = ()
    notes: dict[str, Any] = Field(default_factory=dict)


def test_fields_are_told_with_their_types_defaults_and_constraints() -> None:
    assert shape(Bill) == {
        "name": "Bill",
        "fields": {
            "name": {"type": "str"},
            "lines": {"type": "tuple[Line, ...]", "default": "()"},
            "notes": {"type": "dict[str, Any]", "default": "dict()"},
        },
        "records": {
            "Line": {
                "amount": {"type": "int", "constraints": ["Ge(ge=0)"]},
                "next": {"type": "Line | NoneType", "default": "None"},
            }
        },
    }


def test_items_are_records_or_other_types() -> None:
    assert item_shape(Line)["name"] == "Line"
    assert item_shape(tuple[int, str]) == "tuple[int, str]"
    assert type_text(Any) == "Any"
