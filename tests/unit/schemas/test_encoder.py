"""What the compiled encoder refuses, and what it leaves to fastavro."""

from array import array
from enum import StrEnum
from io import BytesIO
from types import MappingProxyType
from typing import Any

import pytest
from fastavro import schemaless_reader

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for
from schemas.errors import Unwritable

RESULT: dict[str, Any] = {
    "request_id": "one",
    "status": "COMPLETED",
    "embedding": {"dtype": "float32", "shape": [2], "data": bytes(8)},
    "tokens": 5,
    "error": None,
    "model": "minilm",
    "model_version": "1",
    "queue_ms": 1.5,
    "compute_ms": 0.25,
}
TENSOR = RESULT["embedding"]


def one(kind: Any, **more: Any) -> AvroSchema:
    return AvroSchema.read({"type": "record", "name": "One", "fields": [{"name": "value", "type": kind, **more}]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": "x"}, "tokens: expected an int, found str"),
        ({"tokens": True}, "tokens: expected an int, found bool"),
        ({"tokens": 2**31}, "tokens: a whole number of at most 32 bits"),
        ({"tokens": 1.0}, "tokens: expected an int, found float"),
        ({"status": "DONE"}, "status: expected one of COMPLETED, FAILED"),
        ({"status": ["FAILED"]}, "status: expected one of COMPLETED, FAILED"),
        ({"queue_ms": "3"}, "queue_ms: expected a double"),
        ({"model": None}, "model: expected a string, found NoneType"),
        ({"model": b"bytes"}, "model: expected a string, found bytes"),
        ({"model": "\ud800"}, "model: has half of a surrogate pair"),
        ({"lable": 1}, "lable: there is no such field"),
        ({"embedding": "text"}, "embedding: expected a sluicegate.Tensor"),
        ({"embedding": {**TENSOR, "data": "text"}}, "embedding.data: expected bytes, found str"),
        ({"embedding": {**TENSOR, "data": array("f", [1.0])}}, "embedding.data: expected bytes, found array"),
        ({"embedding": {**TENSOR, "shape": "12"}}, "embedding.shape: expected a list, found str"),
        ({"embedding": {**TENSOR, "shape": [1, 2**40]}}, r"embedding.shape\[1\]: a whole number of at most 32 bits"),
        ({"embedding": {"dtype": "x"}}, "embedding.shape: is missing"),
        ({"error": {"code": "X", "message": "m", "retriable": 1, "details": {}}}, "error.retriable: expected true or"),
        ({"error": {"code": "X", "message": "m", "retriable": True, "details": {"a": 1}}}, r"error.details\['a'\]"),
        ({"error": {"code": "X", "message": "m", "retriable": True, "details": []}}, "error.details: expected a map"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_field(change: dict[str, Any], message: str) -> None:
    encode = encoder_for(avsc.load("embed", "result"))
    with pytest.raises(Unwritable, match=message):
        encode({**RESULT, **change})


def test_a_missing_field_is_named_and_an_optional_one_has_its_default() -> None:
    encode = encoder_for(avsc.load("embed", "result"))
    less = {name: value for name, value in RESULT.items() if name not in ("error", "tokens")}
    assert encode(less) == encode({**RESULT, "tokens": None})
    del less["model"]
    with pytest.raises(Unwritable, match="model: is missing"):
        encode(less)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(Unwritable, match=r"the record: expected a sluicegate\.embed\.EmbedResult"):
        encoder_for(avsc.load("embed", "result"))("text")  # type: ignore[arg-type]


def test_kin_of_the_plain_types_are_written_as_those() -> None:
    class Status(StrEnum):
        COMPLETED = "COMPLETED"

    import numpy

    kin = {
        **RESULT,
        "status": Status.COMPLETED,
        "tokens": numpy.int64(5),
        "queue_ms": numpy.float64(1.5),
        "embedding": {"dtype": "float32", "shape": (numpy.int32(2),), "data": memoryview(bytes(8))},
    }
    encode = encoder_for(avsc.load("embed", "result"))
    assert encode(MappingProxyType(kin)) == encode(RESULT)
    assert encode({**kin, "embedding": {**TENSOR, "data": bytearray(8)}}) == encode(RESULT)


def test_a_memoryview_counts_in_bytes_not_items() -> None:
    encode = encoder_for(one("bytes"))
    assert encode({"value": memoryview(array("f", [1.0, 2.0]))}) == encode({"value": array("f", [1.0, 2.0]).tobytes()})


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ({"type": "fixed", "name": "F", "size": 2}, b"abc", "has 3 bytes; it must have 2"),
        ("float", 1e39, "too large for a float"),
        ("long", 2**63, "at most 64 bits"),
        ("null", 1, "expected null"),
        ("boolean", "true", "expected true or false"),
        (["int", "string"], 1.5, "expected int or string"),
    ],
)
def test_values_out_of_range_are_refused(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(Unwritable, match=f"value: .*{message}"):
        encoder_for(one(kind))({"value": value})


def test_unions_of_several_types_are_left_to_fastavro() -> None:
    schema = one(["null", "int", "string"])
    for value in (None, 5, "five"):
        encoded = encoder_for(schema, b"head")({"value": value})
        assert encoded[:4] == b"head"
        assert schemaless_reader(BytesIO(encoded[4:]), schema.parsed, None) == {"value": value}
        assert decoder_for(schema, schema, 4)(encoded) == {"value": value}


def test_a_schema_that_python_cannot_compile_is_left_to_fastavro() -> None:
    kind: Any = "long"
    for _ in range(25):
        kind = {"type": "array", "items": kind}
    value: Any = 7
    for _ in range(25):
        value = [value]
    schema = one(kind)
    assert decoder_for(schema, schema)(encoder_for(schema)({"value": value})) == {"value": value}


def test_names_in_a_schema_never_become_code() -> None:
    schema = AvroSchema.read(
        {"type": "record", "name": "Q", "fields": [{"name": "request_id", "type": "string", "doc": '"""); boom('}]}
    )
    assert encoder_for(schema)({"request_id": "x"}) == b"\x02x"


def test_logical_types_travel_as_what_they_are_made_of() -> None:
    schema = one({"type": "long", "logicalType": "timestamp-millis"})
    assert decoder_for(schema, schema)(encoder_for(schema)({"value": 5})) == {"value": 5}
    old = one({"type": "int", "logicalType": "date"})
    assert decoder_for(old, schema)(encoder_for(old)({"value": 5})) == {"value": 5}
    assert "timestamp-millis" in schema.text


FIXED: dict[str, Any] = {"status": "COMPLETED", "error": None, "model": "minilm", "model_version": "1"}
LOOSE = {name: value for name, value in RESULT.items() if name not in FIXED}


def test_fixed_fields_are_written_as_if_they_were_given() -> None:
    encode = encoder_for(avsc.load("embed", "result"), b"\x00\x01", FIXED)
    assert encode(LOOSE) == encoder_for(avsc.load("embed", "result"), b"\x00\x01")(RESULT)


def test_fixed_fields_at_both_ends_and_all_of_them() -> None:
    schema = AvroSchema.read(
        {"type": "record", "name": "Three", "fields": [{"name": name, "type": "string"} for name in "abc"]}
    )
    whole = encoder_for(schema, b"!")({"a": "1", "b": "2", "c": "3"})
    assert encoder_for(schema, b"!", {"a": "1", "c": "3"})({"b": "2"}) == whole
    assert encoder_for(schema, b"!", {"a": "1", "b": "2", "c": "3"})({}) == whole


def test_what_fastavro_writes_has_its_fixed_fields_too() -> None:
    schema = AvroSchema.read(
        {
            "type": "record",
            "name": "Two",
            "fields": [{"name": "kind", "type": "string"}, {"name": "value", "type": ["null", "string", "long"]}],
        }
    )
    assert encoder_for(schema, fixed={"kind": "k"})({"value": 5}) == encoder_for(schema)({"kind": "k", "value": 5})
    with pytest.raises(Unwritable, match="kind: is fixed"):
        encoder_for(schema, fixed={"kind": "k"})({"kind": "other", "value": 5})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "other"}, "model: is fixed for all records"),
        ({"lable": 1}, "lable: there is no such field"),
        ({"tokens": "x"}, "tokens: expected an int, found str"),
    ],
)
def test_beside_fixed_fields_a_wrong_one_is_named(change: dict[str, Any], message: str) -> None:
    encode = encoder_for(avsc.load("embed", "result"), fixed=FIXED)
    with pytest.raises(Unwritable, match=message):
        encode({**LOOSE, **change})


def test_a_fixed_value_that_does_not_fit_is_refused_at_once() -> None:
    with pytest.raises(Unwritable, match="model: 5 can't be its fixed value"):
        encoder_for(avsc.load("embed", "result"), fixed={**FIXED, "model": 5})
