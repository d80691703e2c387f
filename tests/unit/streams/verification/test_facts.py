"""What records say, as the verifier takes them."""

from typing import Any

import pytest

from schemas.dead_letter import connect_headers
from schemas.envelope import REPLAYED, outcome_headers
from schemas.errors import RegistryUnavailable, Unreadable
from streams.client.record import Record
from streams.verification.facts import Spot, asked_of, buried_of, spot_of, told_of

ERROR = {"code": "OUT_OF_MEMORY", "retriable": True, "message": "", "details": {}}


def decode(value: bytes) -> Any:
    if value == b"bad":
        raise Unreadable("not in the wire format")
    if value == b"later":
        raise RegistryUnavailable("nobody answers")
    errors = {b"failed": ERROR, b"another type": "a text"}
    return {"request_id": value.decode(), "error": errors.get(value)}


def record(value: bytes | None, headers: Any = ()) -> Record:
    return Record("asked", 1, 7, 1_000, b"key", value, list(headers))


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("asked:1:7", Spot("asked", 1, 7)),
        (None, None),
        ("", None),
        ("asked:1", None),
        ("asked:-1:7", None),
        ("asked:1:x", None),
        ("asked:1:" + "9" * 5_000, None),
    ],
)
def test_a_place_is_read_from_its_text_and_nothing_else(text: str | None, spot: Spot | None) -> None:
    assert spot_of(text) == spot
    assert spot is None or str(spot) == text


def test_a_request_says_its_id_and_where_its_answer_goes() -> None:
    asked = asked_of(record(b"first", [("reply-to", b"mine"), ("deadline", b"1")]), decode)
    assert (asked.place, asked.request_id, asked.reply_to, asked.deadline) == (
        Spot("asked", 1, 7),
        "first",
        "mine",
        True,
    )


def test_a_request_in_json_is_read_as_json() -> None:
    headers = [("content-type", b"application/json")]
    assert asked_of(record(b'{"request_id": "first"}', headers), decode).request_id == "first"
    assert asked_of(record(b'{"request_id": 5}', headers), decode).request_id is None
    assert asked_of(record(b"{", headers), decode).request_id is None


@pytest.mark.parametrize("value", [b"bad", None])
def test_what_cannot_be_read_is_a_request_without_an_id(value: bytes | None) -> None:
    assert asked_of(record(value), decode).request_id is None


def test_a_registry_that_is_away_makes_nothing_unreadable() -> None:
    with pytest.raises(RegistryUnavailable):
        asked_of(record(b"later"), decode)


def test_an_outcome_says_its_cause_its_lane_and_whether_it_was_given_again() -> None:
    headers = [*outcome_headers("echo", "asked", 0, 3, b"now", []), REPLAYED]
    told = told_of(record(b"first", headers), decode)
    assert (told.cause, told.lane, told.request_id) == (Spot("asked", 0, 3), "echo", "first")
    assert (told.replayed, told.code, told.buried) == (True, None, False)
    failed = told_of(record(b"failed"), decode)
    assert (failed.cause, failed.lane, failed.code, failed.retriable) == (None, None, "OUT_OF_MEMORY", True)
    assert told_of(record(b"another type"), decode).code is None


def test_a_dead_letter_is_an_outcome_and_the_note_of_its_replay_is_none() -> None:
    headers = connect_headers("asked", 2, 9, "echo", "why", Unreadable, "VALUE_CONVERTER", None)
    told = buried_of(record(b"bad", headers))
    assert told is not None
    assert (told.cause, told.lane, told.buried) == (Spot("asked", 2, 9), "echo", True)
    assert buried_of(record(None, [("x-sluicegate-replayed", b"0:1")])) is None
