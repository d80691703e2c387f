"""Avro for people: JSON within bytes is shown as what it says, wherever the schema calls it JSON."""

from typing import Any

import pytest

from sagas.wire.schema import schema
from schemas.avro_schema import AvroSchema
from schemas.codec import frame
from schemas.encoder import encoder_for
from streams.client.readable import json_fields, readable

JSON = {"type": "bytes", "logicalType": "json"}


def schema_of(*types: Any) -> AvroSchema:
    fields = [{"name": name, "type": kind} for name, kind in zip("abc", types, strict=False)]
    return AvroSchema.read({"type": "record", "name": "Any", "fields": fields})


def shown(made: AvroSchema, record: dict[str, Any]) -> Any:
    return readable(made)(frame(7) + encoder_for(made)(record))


def test_only_what_the_schema_calls_json_is_opened() -> None:
    record = {"a": b'{"n": [1, null]}', "b": b'{"n": 1}'}
    assert shown(schema_of(JSON, "bytes"), record) == {"a": {"n": [1, None]}, "b": b'{"n": 1}'}


def test_one_that_may_be_null_is_opened_too() -> None:
    made = schema_of(["null", JSON], ["null", JSON])
    assert shown(made, {"a": None, "b": b"[1]"}) == {"a": None, "b": [1]}


@pytest.mark.parametrize("value", [b"{", b"\xff", b"[" * 5_000 + b"]" * 5_000])
def test_what_is_no_json_stays_bytes(value: bytes) -> None:
    assert shown(schema_of(JSON), {"a": value}) == {"a": value}


def test_nothing_is_null() -> None:
    assert shown(schema_of(JSON), {"a": b""}) == {"a": None}


def test_values_that_are_no_records_are_as_they_were() -> None:
    made = AvroSchema.read('"bytes"')
    assert json_fields(made.definition) == []


@pytest.mark.parametrize(
    ("record", "names"), [("history", ["body", "data", "result"]), ("outcome", ["data"]), ("request", ["payload"])]
)
def test_what_sagas_write_as_json_is_called_so(record: str, names: list[str]) -> None:
    assert json_fields(schema(record).definition) == names
