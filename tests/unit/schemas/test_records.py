"""What is checked of a request before it may run, and how it is said."""

from typing import Any

import pytest
from pydantic import Field

from schemas.errors import InvalidArgument
from schemas.records import MAX_REQUEST_ID, Record, RequestRecord


class Line(Record):
    amount: int = Field(ge=1)


class Order(RequestRecord):
    lines: list[Line]
    note: str | None = None


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
