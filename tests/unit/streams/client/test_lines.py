"""Arguments and lines of JSON."""

from pathlib import Path

import pytest

from streams.client.lines import Line, WrongLine, from_arguments, header_pair, read_lines, typed


def test_arguments_are_pairs_and_a_value_may_have_equals_signs() -> None:
    assert from_arguments(["request_id=a", "payload=x=y", "text="]) == {
        "request_id": "a",
        "payload": "x=y",
        "text": "",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["payload"], "'payload' is no field=value"), (["=x"], "no field=value"), (["a=1", "a=2"], "given twice")],
)
def test_wrong_arguments_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(WrongLine, match=message):
        from_arguments(arguments)


def test_lines_know_where_they_stood_and_blank_ones_do_not_count_as_records() -> None:
    found = list(read_lines([b'{"a": 1}\n', b"\n", b'{"a": 2}'], "x.jsonl"))
    assert found == [Line({"a": 1}, "x.jsonl, line 1"), Line({"a": 2}, "x.jsonl, line 3")]


@pytest.mark.parametrize("text", [b"{", b"[1]", b"5", b"\xff\xfe\xff", b"[" * 100_000])
def test_a_wrong_line_is_named_and_the_next_one_goes_on(text: bytes) -> None:
    wrong, right = read_lines([text, b'{"a": 1}'], "standard input")
    assert isinstance(wrong, WrongLine)
    assert str(wrong).startswith("standard input, line 1: ")
    assert isinstance(right, Line)


def test_typed_bytes_are_text_base64_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "some.bin"
    file.write_bytes(b"\0\1")
    assert typed("hé", "bytes") == "hé".encode()
    assert typed("base64:AAE=", "bytes") == b"\0\1"
    assert typed(f"@{file}", "bytes") == b"\0\1"


def test_typed_text_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text("héllo", encoding="utf-8")
    assert typed(f"@{file}", "string") == "héllo"
    assert typed("base64:AAE=", "string") == "base64:AAE="


def test_a_file_that_is_missing_and_base64_that_is_none_are_refused() -> None:
    with pytest.raises(ValueError, match="/nowhere/x can't be read"):
        typed("@/nowhere/x", "bytes")
    with pytest.raises(ValueError, match="not base64"):
        typed("base64:%", "bytes")


def test_headers_are_pairs() -> None:
    assert header_pair("traceparent=00-ab=") == ("traceparent", "00-ab=")
    with pytest.raises(WrongLine, match="name=value"):
        header_pair("traceparent")
