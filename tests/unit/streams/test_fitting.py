"""Where answers may not go, and what is left of a dead letter when there is little room."""

import pytest

from schemas.dead_letter import connect_headers, parse
from schemas.errors import Unreadable
from streams.binding import bind
from streams.fitting import fitting_dead_letter, reserved
from streams.output import Output
from streams.settings import Settings

BINDING = bind(Settings(), "echo")
REASON = "because " * 100


def letter(value: bytes = b"value", key: bytes = b"key", name: str = "x-mine") -> Output:
    headers = connect_headers("t" * 249, 3, 7, "echo", REASON, Unreadable, "VALUE_CONVERTER", [(name, b"1")])
    return Output("letters", value, key, -1, headers)


def test_a_letter_that_fits_is_left_alone() -> None:
    whole = letter()
    assert fitting_dead_letter(whole, whole.size) is whole


@pytest.mark.parametrize(
    ("too_large", "kept_key"), [(letter(value=bytes(9_000)), b"key"), (letter(key=bytes(9_000)), None)]
)
def test_value_and_then_key_are_left_out(too_large: Output, kept_key: bytes | None) -> None:
    small = fitting_dead_letter(too_large, 4_000)
    assert small.size <= 4_000
    assert (small.value, small.key) == (None, kept_key)
    omitted = f"{len(too_large.value or b'')} bytes omitted, letters allows 4000"
    assert dict(small.headers)["x-sluicegate-omitted"] == omitted.encode()
    info = parse(small.headers)
    assert info is not None
    assert (info.topic, info.offset, info.reason) == ("t" * 249, 7, REASON)


def test_the_smallest_limit_that_can_be_set_has_room_for_the_place() -> None:
    small = fitting_dead_letter(letter(value=bytes(9_000)), 1_024)
    assert small.size <= 1_024
    info = parse(small.headers)
    assert info is not None
    assert (info.topic, info.partition, info.offset, info.lane) == ("t" * 249, 3, 7, "echo")


def test_only_the_lanes_own_topics_and_kafkas_are_reserved() -> None:
    own = [BINDING.repeats, BINDING.state, BINDING.dead_letters, BINDING.control, *BINDING.requests]
    for topic in [*own, "__consumer_offsets", "__transaction_state"]:
        assert topic in (reserved(BINDING, topic) or "")
    for topic in (BINDING.results, "mine", "__mine"):
        assert reserved(BINDING, topic) is None


def test_no_answer_goes_where_sagas_are_read_back_from() -> None:
    binding = bind(Settings(), "echo")
    for topic in ("history", "attention", "orphans", "definitions"):
        assert reserved(binding, f"sluicegate.sagas.{topic}") is not None
    assert reserved(binding, "sluicegate.sagas.inbox") is None
