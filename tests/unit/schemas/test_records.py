"""What is checked of a request before it may run, and how it is said."""

from typing import Any, Self

import pytest
from pydantic import Field, ValidationError, model_validator

from schemas.errors import InvalidArgument
from schemas.records import MAX_REQUEST_ID, Record, RequestRecord, checker, first_problem


class Line(Record):
    amount: int = Field(ge=1)


class Order(RequestRecord):
    lines: list[Line]
    note: str | None = None


class Even(RequestRecord):
    amount: int

    @model_validator(mode="after")
    def is_even(self) -> Self:
        if self.amount % 2:
            raise ValueError("odd")
        return self


def test_a_record_that_is_right_is_typed() -> None:
    order = Order.check({"request_id": "one", "lines": [{"amount": 2}]})
    assert (order.request_id, order.lines[0].amount, order.note) == ("one", 2, None)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"request_id": ""}, "request_id", "at least 1 character"),
        ({"request_id": "x" * (MAX_REQUEST_ID + 1)}, "request_id", "at most 256 characters"),
        ({"request_id": 5}, "request_id", "valid string; found 5"),
        ({"lines": [{"amount": 1}, {"amount": 0}]}, "lines[1].amount", "greater than or equal to 1; found 0"),
        ({"lines": [{"amount": "1"}]}, "lines[0].amount", "valid integer"),
        ({"lines": [{}]}, "lines[0].amount", "Field required"),
        ({"notes": "x"}, "notes", "not permitted"),
    ],
)
def test_a_wrong_value_is_named_with_its_path(change: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message) as refused:
        Order.check({"request_id": "one", "lines": [], **change})
    assert refused.value.field == field


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"lines": [{"amount": 0}]},
        {"request_id": ""},
        {"request_id": b"x"},
        {"lines": ()},
        {"notes": "x"},
        {"note": 1},
    ],
)
def test_the_checker_judges_as_the_model_does(change: dict[str, Any]) -> None:
    record = {"request_id": "one", "lines": [{"amount": 2}], **change}
    found: list[tuple[str, str] | None] = []
    for check in (checker(Order), Order.model_validate):
        try:
            check(record)
            found.append(None)
        except ValidationError as error:
            found.append(first_problem(error))
    assert found[0] == found[1]
    assert (found[0] is None) == (not change)


def test_the_checker_runs_a_model_s_own_validators() -> None:
    checker(Even)({"request_id": "one", "amount": 2})
    with pytest.raises(ValidationError, match="odd"):
        checker(Even)({"request_id": "one", "amount": 3})
