"""Headers whose names are no text, as the client library fails on them."""

from typing import Any

import pytest
from confluent_kafka import Message

from schemas.dead_letter import parse
from schemas.errors import Unreadable
from streams.client.record import from_message
from streams.headers import headers_of, headers_or_none, size_of
from streams.proof.fuzzing.doors import NOW, Door
from streams.settings import Settings


class Holed:
    """A message as it comes with a name of other bytes: its headers can be asked for once, and then end the process."""

    def __init__(self) -> None:
        self.asked = 0

    def headers(self) -> Any:
        self.asked += 1
        assert self.asked == 1, "the list has a hole: whoever takes it apart ends the process"
        raise SystemError("<method 'headers'> returned a result with an exception set")

    def topic(self) -> str:
        return "requests"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 3

    def timestamp(self) -> tuple[int, int]:
        return 1, NOW

    def key(self) -> bytes:
        return b"key"

    def value(self) -> bytes:
        return b"value"


def test_headers_are_handed_out_as_they_are() -> None:
    headers = [("a", b"1"), ("b", None)]
    message = Message("t", 0, 0, None, b"v", headers, None, (1, 0))
    assert headers_of(message) == headers
    assert size_of(headers) == 3
    assert headers_of(Message("t", 0, 0, None, b"v", None, None, (1, 0))) is None


def test_a_name_that_is_no_text_is_an_error_at_once() -> None:
    with pytest.raises(Unreadable, match="no UTF-8") as refused:
        headers_of(Holed())
    assert refused.value.stage == "HEADER_CONVERTER"
    assert headers_or_none(Holed()) == []
    assert from_message(Holed()).headers == []


@pytest.mark.parametrize("lane", ["echo", "sagas"])
def test_its_record_is_a_dead_letter_with_its_bytes(lane: str) -> None:
    door, message = Door(Settings(), lane), Holed()
    entry = door.receive(message)
    assert entry.dead_letter is not None
    assert (entry.dead_letter.value, entry.dead_letter.key) == (b"value", b"key")
    info = parse(entry.dead_letter.headers)
    assert info is not None
    assert info.stage == "HEADER_CONVERTER"
    assert message.asked == 1


@pytest.mark.parametrize("lane", ["echo", "sagas"])
@pytest.mark.parametrize("value", [b"?", b"{}"])
def test_headers_count_for_what_a_lane_holds(lane: str, value: bytes) -> None:
    """A dead letter keeps them all: megabytes beside one byte would fill the memory within the bounds."""
    entry = Door(Settings(), lane).let_in([("other", bytes(100_000))], value)
    assert entry.size > 100_000
