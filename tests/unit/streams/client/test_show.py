"""Records as JSON."""

import json
from typing import Any

import pytest

from schemas.errors import RegistryUnavailable, Unreadable
from streams.client.record import Headers, Record
from streams.client.show import Display, dumps, headers_of, key_text, line


def decode(value: bytes) -> Any:
    if not value.startswith(b"\0"):
        raise Unreadable("the first byte is not 0x00")
    return {"request_id": "a", "payload": value[1:]}


def record(value: bytes | None, headers: Headers | None = None) -> Record:
    return Record("t", 2, 17, 1_500, b"key", value, headers or [])


def shown(value: bytes | None, headers: Headers | None = None) -> Any:
    return json.loads(line(record(value, headers), decode, Display()))


def test_a_line_is_the_record_itself_with_bytes_as_base64() -> None:
    assert shown(b"\0hi") == {"request_id": "a", "payload": "aGk="}


def test_with_headers_a_line_is_the_whole_record() -> None:
    text = line(record(b"\0hi", [("x-a", b"1"), ("x-b", b"\xff")]), decode, Display(headers=True))
    assert json.loads(text) == {
        "topic": "t",
        "partition": 2,
        "offset": 17,
        "time": "1970-01-01T00:00:01.500Z",
        "key": "key",
        "headers": {"x-a": "1", "x-b": "base64:/w=="},
        "value": {"request_id": "a", "payload": "aGk="},
    }


def test_a_tombstone_is_null() -> None:
    assert shown(None) is None


def test_what_is_no_avro_is_base64_with_a_note() -> None:
    assert shown(b"hi") == {"note": "not Avro: the first byte is not 0x00", "base64": "aGk="}


def test_a_dead_letter_is_base64_with_its_reason_even_if_it_could_be_read() -> None:
    headers: Headers = [("__connect.errors.exception.message", b"truncated")]
    assert shown(b"\0hi", headers) == {"note": "dead letter: truncated", "base64": "AGhp"}


def test_json_is_shown_as_it_is() -> None:
    headers: Headers = [("content-type", b"application/json; charset=utf-8")]
    assert shown(b'{"request_id": "a"}', headers) == {"request_id": "a"}
    assert "not JSON" in shown(b"{", headers)["note"]


def test_a_registry_that_is_down_is_no_verdict_about_a_record() -> None:
    def down(value: bytes) -> Any:
        raise RegistryUnavailable("no answer")

    with pytest.raises(RegistryUnavailable):
        line(record(b"\0hi"), down, Display())


def test_keys_appear_as_asked() -> None:
    assert key_text(b"a\xff") == "base64:Yf8="
    assert key_text(b"a\xff", "text") == "a\ufffd"
    assert key_text(b"a\xff", "hex") == "61ff"
    assert key_text(b"a\xff", "base64") == "Yf8="
    assert key_text(None, "hex") is None


def test_a_repeated_header_has_a_list() -> None:
    assert headers_of([("a", b"1"), ("b", None), ("a", b"2"), ("a", b"3")]) == {"a": ["1", "2", "3"], "b": None}


def test_numbers_that_json_lacks_are_null_and_other_alphabets_stay() -> None:
    assert dumps({"a": [float("nan"), float("inf"), 1.5], "b": "é"}) == '{"a": [null, null, 1.5], "b": "é"}'
