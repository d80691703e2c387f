"""Dead letters: Connect's headers beside the original ones, and back."""

from schemas.dead_letter import MAX_TEXT, DeadLetterInfo, connect_headers, original_headers, parse
from schemas.envelope import Header
from schemas.errors import Unreadable

ORIGINAL: list[Header] = [("ce_id", b"\xff"), ("x-a", b"1"), ("x-a", b"2"), ("empty", None)]


def letter(headers: list[Header] | None = ORIGINAL, reason: str = "too short", offset: int = 7) -> list[Header]:
    return connect_headers(
        "orders", 3, offset, "echo", reason, Unreadable, "VALUE_CONVERTER", headers, timestamp=1_790_000_000_000
    )


def test_the_original_headers_come_first_untouched() -> None:
    assert letter()[:4] == ORIGINAL
    assert original_headers(letter()) == ORIGINAL


def test_connects_names_are_used() -> None:
    headers = dict(letter(None))
    assert headers["__connect.errors.topic"] == b"orders"
    assert headers["__connect.errors.partition"] == b"3"
    assert headers["__connect.errors.offset"] == b"7"
    assert headers["__connect.errors.connector.name"] == b"echo"
    assert headers["__connect.errors.task.id"] == b"0"
    assert headers["__connect.errors.stage"] == b"VALUE_CONVERTER"
    assert headers["__connect.errors.class.name"] == b"schemas.codec.Codec"
    assert headers["__connect.errors.exception.class.name"] == b"schemas.errors.Unreadable"
    assert headers["__connect.errors.exception.message"] == b"too short"
    assert headers["__connect.errors.exception.stacktrace"] == b"schemas.errors.Unreadable: too short"


def test_what_was_written_is_read_back() -> None:
    info = DeadLetterInfo(
        "orders", 3, 7, "echo", "too short", "schemas.errors.Unreadable", "VALUE_CONVERTER", 1_790_000_000_000
    )
    assert parse(letter()) == info


def test_a_letter_that_failed_again_tells_of_the_last_time() -> None:
    again = parse(letter(letter(), offset=9))
    assert again is not None
    assert again.offset == 9
    assert original_headers(letter(letter(), offset=9)) == ORIGINAL


def test_a_long_reason_is_cut_and_odd_text_survives() -> None:
    info = parse(letter(reason="\ud800" + "x" * 10_000))
    assert info is not None
    assert info.reason.startswith("?x")
    assert len(info.reason) == MAX_TEXT


def test_connects_own_letters_are_read_too_and_others_are_not() -> None:
    connect: list[Header] = [
        ("__connect.errors.topic", b"t"),
        ("__connect.errors.partition", b"0"),
        ("__connect.errors.offset", b"1"),
        ("__connect.errors.connector.name", b"sink"),
    ]
    info = parse(connect)
    assert info is not None
    assert (info.topic, info.lane, info.timestamp) == ("t", "sink", None)
    assert parse(connect[:2]) is None
    assert parse([*connect[:2], ("__connect.errors.offset", b"x")]) is None
    assert parse(None) is None
