"""Requests as JSON: the same schema, and an answer that names the field."""

import math
from typing import Any

import pytest

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.errors import InvalidArgument, Unreadable
from schemas.json_record import JsonReader

DIGITS = JsonReader(avsc.load("digits", "request"))
KINDS = JsonReader(
    AvroSchema.read(
        {
            "type": "record",
            "name": "Kinds",
            "fields": [
                {"name": "request_id", "type": "string"},
                {"name": "count", "type": "int", "default": 3},
                {"name": "price", "type": "double", "default": 0},
                {"name": "note", "type": ["null", "string"], "default": None},
                {"name": "data", "type": "bytes", "default": "\u00ff"},
                {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["A", "B"]}, "default": "A"},
                {"name": "map", "type": {"type": "map", "values": "long"}, "default": {}},
                {"name": "flag", "type": "boolean", "default": False},
            ],
        }
    )
)


def test_fields_are_what_avro_would_have_brought() -> None:
    value = b'{"request_id": "a", "image": {"dtype": "uint8", "shape": [1, 2], "data": "AAE="}}'
    assert DIGITS.read(value) == {"request_id": "a", "image": {"dtype": "uint8", "shape": [1, 2], "data": b"\x00\x01"}}


def test_defaults_fill_what_is_missing_with_the_right_types() -> None:
    assert KINDS.read(b'{"request_id": "a"}') == {
        "request_id": "a",
        "count": 3,
        "price": 0.0,
        "note": None,
        "data": b"\xff",
        "kind": "A",
        "map": {},
        "flag": False,
    }


def test_a_whole_number_will_do_for_a_double() -> None:
    assert math.isclose(KINDS.read(b'{"request_id": "a", "price": 2}')["price"], 2.0)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\x00\x00\x00\x00\x01",
        b"{",
        b"[]",
        b'"text"',
        b"[" * 100_000,
        b"\xff\xfe\xfa",
        b'{"request_id": "a", "price": NaN}',
        b'{"request_id": "a", "count": ' + b"9" * 5_000 + b"}",
        b"{}",
        b'{"request_id": 5}',
        b'{"request_id": null}',
        b'{"request_id": "\\ud800"}',
    ],
)
def test_what_leaves_nobody_to_answer_is_unreadable(value: bytes | None) -> None:
    with pytest.raises(Unreadable):
        KINDS.read(value)


@pytest.mark.parametrize(
    ("more", "field", "message"),
    [
        ('"count": "3"', "count", "expected an int, found str '3'"),
        ('"count": 3.5', "count", "expected an int, found float"),
        ('"count": 2147483648', "count", "at most 32 bits"),
        ('"count": true', "count", "expected an int, found bool"),
        ('"price": "1"', "price", "expected a double"),
        ('"note": 5', "note", "expected a string"),
        ('"note": "\\ud800"', "note", "surrogate"),
        ('"data": "not base64!"', "data", "is not base64"),
        ('"data": "\\u00ff"', "data", "is not base64"),
        ('"data": [1]', "data", "text in base64"),
        ('"kind": "C"', "kind", "one of A, B"),
        ('"map": []', "map", "expected a map"),
        ('"map": {"a": "b"}', "map['a']", "expected a long"),
        ('"map": {"\\ud800": 1}', "map (a key)", "surrogate"),
        ('"flag": 1', "flag", "true or false"),
        ('"cuont": 1', "cuont", "no such field; Kinds has request_id, count"),
    ],
)
def test_a_wrong_field_is_named_and_the_request_can_be_answered(more: str, field: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message) as refused:
        KINDS.read(f'{{"request_id": "mine", {more}}}'.encode())
    assert (refused.value.field, refused.value.request_id) == (field, "mine")


@pytest.mark.parametrize(
    ("image", "field"),
    [
        ('{"dtype": "uint8", "shape": [1, "2"], "data": ""}', "image.shape[1]"),
        ('{"dtype": "uint8", "shape": 2, "data": ""}', "image.shape"),
        ('{"dtype": "uint8", "shape": []}', "image.data"),
        ('{"dtype": "uint8", "shape": [], "data": "", "x": 1}', "image.x"),
        ("[]", "image"),
    ],
)
def test_paths_lead_into_nested_records(image: str, field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        DIGITS.read(f'{{"request_id": "a", "image": {image}}}'.encode())
    assert refused.value.field == field


def test_unions_take_any_of_their_types() -> None:
    schema: Any = {
        "type": "record",
        "name": "U",
        "fields": [{"name": "request_id", "type": "string"}, {"name": "u", "type": ["null", "long", "string"]}],
    }
    reader = JsonReader(AvroSchema.read(schema))
    assert [reader.read(f'{{"request_id": "a", "u": {u}}}'.encode())["u"] for u in ("null", "5", '"x"')] == [
        None,
        5,
        "x",
    ]
    with pytest.raises(InvalidArgument, match="u: expected null or long or string, found list"):
        reader.read(b'{"request_id": "a", "u": []}')
