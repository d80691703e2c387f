"""What headers ask for, and what an outcome's headers say."""

import pytest

from schemas.envelope import (
    MAX_CORRELATION,
    NO_HEADERS,
    Envelope,
    event_time,
    outcome_headers,
    read_headers,
)
from schemas.errors import InvalidArgument
from schemas.outcome import Code


def test_no_headers_are_one_shared_envelope() -> None:
    assert read_headers(None) is NO_HEADERS
    assert read_headers([]) is NO_HEADERS
    assert Envelope() == NO_HEADERS


def test_all_that_may_be_asked_for_is_read() -> None:
    envelope = read_headers(
        [
            ("deadline", b"1790000000000"),
            ("reply-to", b"answers.of-mine"),
            ("reply-key", b"\x00\xff"),
            ("content-type", b"application/json; charset=utf-8"),
        ]
    )
    assert envelope == Envelope(1_790_000_000_000, "answers.of-mine", b"\x00\xff", True, [])


def test_correlation_comes_back_and_the_cause_is_named() -> None:
    headers = [
        ("ce_id", b"7"),
        ("ce_source", b"/shop"),
        ("traceparent", b"00-a-b-01"),
        ("tracestate", b"a=b"),
        ("correlation-id", b"c"),
        ("x-tenant", b"t"),
        ("other", b"o"),
        ("x-none", None),
    ]
    assert read_headers(headers).correlation == [
        ("ce_causationid", b"7"),
        ("traceparent", b"00-a-b-01"),
        ("tracestate", b"a=b"),
        ("correlation-id", b"c"),
        ("x-tenant", b"t"),
    ]


@pytest.mark.parametrize("content_type", [b"application/avro", b"text/plain", b"application/jsonish", None])
def test_only_json_is_json(content_type: bytes | None) -> None:
    assert not read_headers([("content-type", content_type)]).json


def test_of_repeated_headers_the_last_counts() -> None:
    assert read_headers([("deadline", b"1"), ("deadline", b"2")]).deadline == 2


@pytest.mark.parametrize("deadline", [b"", b"soon", b"-1", b"+1", b" 1", b"1_0", b"1.5", b"\xd9\xa1", b"9" * 17])
def test_a_deadline_that_is_no_number_is_refused_with_what_could_be_read(deadline: bytes) -> None:
    headers = [("deadline", deadline), ("reply-to", b"mine"), ("x-a", b"1")]
    with pytest.raises(InvalidArgument, match=r"header deadline.*milliseconds since 1970") as refused:
        read_headers(headers)
    assert refused.value.envelope == Envelope(None, "mine", None, False, [("x-a", b"1")])
    assert refused.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("topic", [b"", b".", b"..", b"a b", b"a/b", b"\xff", b"a" * 250])
def test_a_reply_topic_that_kafka_would_refuse_is_refused(topic: bytes) -> None:
    with pytest.raises(InvalidArgument, match=r"header reply-to.*no legal topic name") as refused:
        read_headers([("reply-to", topic), ("deadline", b"5")])
    assert refused.value.code is Code.INVALID_REPLY_TO
    assert refused.value.envelope == Envelope(deadline=5)


def test_more_correlation_than_an_outcome_carries_is_refused_and_dropped() -> None:
    fits = ("x-a", bytes(MAX_CORRELATION - 3))
    assert read_headers([fits]).correlation == [fits]
    with pytest.raises(InvalidArgument, match=r"headers: .*limit is") as refused:
        read_headers([fits, ("x-b", b"1"), ("reply-to", b"mine")])
    assert refused.value.envelope == Envelope(reply_to="mine")


def test_names_that_are_remembered_are_bounded() -> None:
    for serial in range(5_000):
        read_headers([(f"x-{serial}", b""), (f"y-{serial}", b"")])
    assert read_headers([("x-4999", b"1"), ("y-4999", b"1")]).correlation == [("x-4999", b"1")]
    from schemas import envelope

    assert len(envelope._MEANINGS) <= 1_000


def test_an_outcome_names_the_place_of_its_request() -> None:
    headers = outcome_headers("echo", "sluicegate.echo.requests", 3, 12, b"2026-11-21T00:00:00.000Z", [("x-a", b"1")])
    assert headers == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"sluicegate.echo.requests:3:12"),
        ("ce_source", b"/sluicegate/echo"),
        ("ce_type", b"sluicegate.echo.outcome"),
        ("ce_time", b"2026-11-21T00:00:00.000Z"),
        ("content-type", b"application/avro"),
        ("x-a", b"1"),
    ]


def test_a_time_is_written_as_cloudevents_want_it() -> None:
    assert event_time(0.0015) == b"1970-01-01T00:00:00.001Z"
