"""What a client puts into its requests, and makes of the answers."""

from uuid import UUID

import pytest

from processors.echo.declaration import EchoRequest
from schemas.envelope import read_headers
from schemas.partitioner import partition_for
from streams.client.calls import CALL_HEADER
from streams.client.errors import InferenceFailed
from streams.client.reply_topic import ReplyTopic, key_for
from streams.client.requests import deadline_header, identified, key_bytes, reply_headers, user_headers
from streams.client.result import Result, outcome_of

RECORD = {
    "request_id": "r",
    "status": "COMPLETED",
    "payload": b"hi",
    "error": None,
    "model": "echo",
    "model_version": "1",
}


def test_the_worker_understands_the_headers() -> None:
    headers = [
        *reply_headers(ReplyTopic("replies", (2,), key=b"k")),
        deadline_header(1_500, now=10.0),
        (CALL_HEADER, b"token"),
    ]
    envelope = read_headers([(name, value if isinstance(value, bytes) else None) for name, value in headers])
    assert (envelope.reply_to, envelope.reply_key, envelope.deadline) == ("replies", b"k", 11_500)
    assert envelope.correlation == [(CALL_HEADER, b"token")]


@pytest.mark.parametrize("name", ["reply-to", "reply-key", "deadline", "content-type", CALL_HEADER])
def test_a_header_that_the_client_sets_itself_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        user_headers({name: "x"})


def test_headers_may_be_text_or_bytes_and_may_repeat() -> None:
    assert user_headers({"x-a": "é"}) == [("x-a", "é".encode())]
    assert user_headers([("x-a", "1"), ("x-a", b"\xff")]) == [("x-a", b"1"), ("x-a", b"\xff")]
    assert user_headers(None) == []


def test_a_record_gets_an_id_only_if_it_has_none_and_is_not_changed() -> None:
    given = {"payload": b"hi"}
    assert UUID(identified(given)["request_id"])
    assert given == {"payload": b"hi"}
    assert identified({"request_id": "r"})["request_id"] == "r"
    assert identified(EchoRequest(request_id="r", payload=b"hi")) == {"request_id": "r", "payload": b"hi"}


def test_the_key_is_the_id_unless_given() -> None:
    assert key_bytes(None, "é") == "é".encode()
    assert key_bytes("k", "r") == b"k"
    assert key_bytes(b"\xff", "r") == b"\xff"


def test_a_reply_key_leads_to_its_partition() -> None:
    assert [partition_for(key_for(wanted, 7, "client"), 7) for wanted in range(7)] == list(range(7))


def test_a_completed_answer_is_a_result() -> None:
    result = outcome_of("echo", RECORD, [("replayed", b"true")])
    assert isinstance(result, Result)
    assert (result["payload"], result.request_id, result.model, result.replayed) == (b"hi", "r", "echo 1", True)


def test_a_failed_answer_is_an_error_with_everything_it_says() -> None:
    error = {"code": "OUT_OF_MEMORY", "message": "too large", "retriable": True, "details": {"a": "b"}}
    failure = outcome_of("echo", {**RECORD, "status": "FAILED", "error": error}, [])
    assert isinstance(failure, InferenceFailed)
    assert (failure.code, failure.message, failure.retriable) == ("OUT_OF_MEMORY", "too large", True)
    assert failure.details == {"a": "b"}
