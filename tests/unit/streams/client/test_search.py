"""Where a request is, decided without a cluster."""

from collections.abc import Mapping
from typing import Any

import pytest

from schemas.partitioner import partition_for
from streams.client.record import Record
from streams.client.search import Answer, Needle, Trace, answer_of, answers_to, letter_of, likely_first

REQUEST = Record("requests", 1, 40, 1_000, b"abc", b"...abc...")


def trace(committed: int | None = None) -> Trace:
    return Trace(REQUEST, "echo", "sluicegate.echo", committed)


def test_the_partition_of_the_key_is_searched_first_in_each_topic() -> None:
    places = [("a", at) for at in range(4)] + [("b", at) for at in range(3)]
    first, then = likely_first(places, b"key")
    assert first == [("a", partition_for(b"key", 4)), ("b", partition_for(b"key", 3))]
    assert sorted(first + then) == places


def test_a_topic_of_one_partition_has_no_second_stage() -> None:
    assert likely_first([("a", 0)], b"key") == [[("a", 0)]]
    assert likely_first([], b"key") == []


def read(record: Record) -> Mapping[str, Any] | None:
    return None if record.value == b"abc unreadable" else {"request_id": (record.value or b"").decode().split()[0]}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (b"abc", b"abc payload", True),
        (b"other", b"abc payload", True),
        (b"other", b"def abc", False),  # the id is only mentioned in the payload
        (b"abc", b"def payload", False),  # the key is the id of another request
        (b"abc", b"abc unreadable", True),  # nothing but the key can be known
        (b"other", b"abc unreadable", False),
        (b"other", b"payload", False),
        (b"other", None, False),
    ],
)
def test_a_record_counts_if_its_id_is_the_one(key: bytes, value: bytes | None, expected: bool) -> None:
    assert Needle("abc").confirmed(Record("t", 0, 0, 0, key, value), read) is expected


def test_an_answer_names_the_very_place_that_it_answers() -> None:
    other = Record("requests", 1, 41)
    outcome = Record("results", 0, 0, headers=[("ce_id", b"requests:1:40")])
    assert answers_to([other, REQUEST], outcome) is REQUEST
    assert answers_to([other], outcome) is None
    assert answers_to([other], Record("results", 0, 0)) is None


def test_a_dead_letter_names_the_very_place_that_it_came_from() -> None:
    prefix = "__connect.errors."
    letter = Record(
        "dead",
        0,
        0,
        headers=[(prefix + "topic", b"requests"), (prefix + "partition", b"1"), (prefix + "offset", b"40")],
    )
    assert letter_of([REQUEST], letter) is REQUEST
    assert letter_of([REQUEST], Record("dead", 0, 1)) is None


def test_a_request_before_the_committed_offset_waits_behind_the_difference() -> None:
    assert (trace(25).state, trace(25).ahead) == ("waiting", 15)
    assert (trace(None).state, trace(None).ahead) == ("waiting", None)
    assert (trace(40).state, trace(40).ahead) == ("waiting", 0)


def test_a_request_behind_the_committed_offset_is_settled() -> None:
    assert trace(41).state == "settled, its answer not found"


def test_an_answer_or_a_dead_letter_says_more_than_offsets() -> None:
    answered, dead = trace(41), trace(41)
    answered.answers.append(Answer(REQUEST, "COMPLETED", None, False))
    dead.dead_letters.append(REQUEST)
    assert (answered.state, dead.state) == ("answered", "dead letter")


def test_what_an_answer_says() -> None:
    record = Record("results", 0, 0, headers=[("replayed", b"true")])
    failed = answer_of(record, {"status": "FAILED", "error": {"code": "INVALID_ARGUMENT"}})
    assert (failed.status, failed.code, failed.replayed) == ("FAILED", "INVALID_ARGUMENT", True)
    assert answer_of(Record("results", 0, 0), None).status == "unreadable"


def test_the_report_has_everything_for_a_program() -> None:
    report = trace(25).report()
    assert report["partition"] == 1
    assert report["records_ahead"] == 15
    assert report["state"] == "waiting"
    assert report["answers"] == []
