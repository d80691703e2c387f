"""What ledger and index accept, and what they refuse with the field named."""

from typing import Any

import pytest

from sagas.participants.index_request import IndexRequest
from sagas.participants.ledger_request import MAX_CREDITS, LedgerRequest
from schemas import avsc
from schemas.conformity import conforms
from schemas.errors import InvalidArgument
from schemas.records import RequestRecord

GRANT = {"request_id": "r", "operation": "GRANT", "tenant": "t", "amount": 1, "reservation": ""}
RESERVE = {**GRANT, "operation": "RESERVE", "reservation": "x"}
CHARGE = {**RESERVE, "operation": "CHARGE", "amount": 0}
RELEASE = {**CHARGE, "operation": "RELEASE"}
TENSOR = {"dtype": "float32", "shape": [2], "data": bytes(8)}
PUT = {
    "request_id": "r", "operation": "PUT", "document_id": "d", "text": "words", "metadata": {"a": "b"},
    "embedding": TENSOR, "undo_of": "",
}  # fmt: skip
DELETE = {**PUT, "operation": "DELETE", "text": "", "metadata": {}, "embedding": None, "undo_of": "p"}


@pytest.mark.parametrize(("name", "model"), [("ledger", LedgerRequest), ("index", IndexRequest)])
def test_the_records_are_those_of_their_schemas(name: str, model: type[RequestRecord]) -> None:
    assert conforms(model, avsc.load(name, "request")) == []


@pytest.mark.parametrize("right", [GRANT, RESERVE, CHARGE, RELEASE, GRANT | {"amount": MAX_CREDITS}])
def test_a_ledger_accepts(right: dict[str, Any]) -> None:
    LedgerRequest.check(right)


@pytest.mark.parametrize(
    ("wrong", "field", "problem"),
    [
        (GRANT | {"amount": 0}, "amount", "GRANT takes 1 credit or more, found 0"),
        (RESERVE | {"amount": -5}, "amount", "RESERVE takes 1 credit or more, found -5"),
        (GRANT | {"amount": MAX_CREDITS + 1}, "amount", "less than or equal to"),
        (GRANT | {"amount": 1.5}, "amount", "integer"),
        (CHARGE | {"amount": 1}, "amount", "CHARGE takes no amount"),
        (RELEASE | {"amount": 1}, "amount", "RELEASE takes no amount"),
        (GRANT | {"tenant": ""}, "tenant", "at least 1 character"),
        (GRANT | {"tenant": "t" * 257}, "tenant", "at most 256"),
        (GRANT | {"tenant": "a\0b"}, "tenant", "a zero character can't be kept"),
        (GRANT | {"request_id": "a\0b"}, "request_id", "a zero character can't be kept"),
        (RESERVE | {"reservation": "a\0b"}, "reservation", "a zero character can't be kept"),
        (RESERVE | {"reservation": "x" * 257}, "reservation", "at most 256"),
        (GRANT | {"reservation": "x"}, "reservation", "GRANT takes no reservation"),
        (RESERVE | {"reservation": ""}, "reservation", "RESERVE needs the reservation's name"),
        (CHARGE | {"reservation": ""}, "reservation", "CHARGE needs the reservation's name"),
        (RELEASE | {"reservation": ""}, "reservation", "RELEASE needs the reservation's name"),
        (GRANT | {"operation": "STEAL"}, "operation", "'STEAL'"),
        (GRANT | {"more": 1}, "more", "Extra inputs"),
        ({"request_id": "r", "operation": "RESERVE", "tenant": "t", "amount": 1}, "reservation", "RESERVE needs"),
        ({"request_id": "r", "operation": "GRANT", "tenant": "t"}, "amount", "GRANT takes 1 credit"),
    ],
)
def test_a_ledger_refuses(wrong: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem) as caught:
        LedgerRequest.check(wrong)
    assert caught.value.field == field


@pytest.mark.parametrize("right", [PUT, DELETE, DELETE | {"undo_of": ""}, PUT | {"text": "", "metadata": {}}])
def test_an_index_accepts(right: dict[str, Any]) -> None:
    IndexRequest.check(right)


@pytest.mark.parametrize(
    ("wrong", "field", "problem"),
    [
        (PUT | {"document_id": ""}, "document_id", "at least 1 character"),
        (PUT | {"document_id": "d" * 257}, "document_id", "at most 256"),
        (PUT | {"document_id": "a\0b"}, "document_id", "a zero character"),
        (PUT | {"request_id": "a\0b"}, "request_id", "a zero character"),
        (PUT | {"text": "a\0b"}, "text", "a zero character"),
        (PUT | {"text": "\ud800"}, "text", "half of a surrogate pair"),
        (PUT | {"metadata": {"a": "b\0"}}, "metadata", "a zero character"),
        (PUT | {"metadata": {"a\0": "b"}}, "metadata", "a zero character"),
        (PUT | {"metadata": {"": "b"}}, "metadata", "a name has 1 to 256 characters"),
        (PUT | {"metadata": {"a" * 257: "b"}}, "metadata", "a name has 1 to 256 characters"),
        (PUT | {"metadata": {str(n): "b" for n in range(65)}}, "metadata", "at most 64"),
        (PUT | {"embedding": None}, "embedding", "PUT needs an embedding"),
        (PUT | {"embedding": TENSOR | {"data": bytes(7)}}, "embedding", "takes 8 bytes, and data has 7"),
        (PUT | {"undo_of": "x"}, "undo_of", "PUT undoes nothing"),
        (DELETE | {"undo_of": "r"}, "undo_of", "can't undo itself"),
        (DELETE | {"undo_of": "a\0b"}, "undo_of", "a zero character"),
        (DELETE | {"undo_of": "u" * 257}, "undo_of", "at most 256"),
        (DELETE | {"text": "words"}, "text", "DELETE takes no text"),
        (DELETE | {"metadata": {"a": "b"}}, "metadata", "DELETE takes no metadata"),
        (DELETE | {"embedding": TENSOR}, "embedding", "DELETE takes no embedding"),
        (PUT | {"operation": "DROP"}, "operation", "'DROP'"),
    ],
)
def test_an_index_refuses(wrong: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem) as caught:
        IndexRequest.check(wrong)
    assert caught.value.field == field
