"""Schemas that could harm their readers, and claims that a value can't keep."""

import json
import tracemalloc
from typing import Any

import pytest

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.decoder import decoder_for
from schemas.errors import SchemaUnsafe, Unreadable
from schemas.varint import encode_long


def record(*types: Any, name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": f"f{i}", "type": t} for i, t in enumerate(types)]}


def deep(levels: int) -> Any:
    kind: Any = "int"
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


def doubling(levels: int) -> dict[str, Any]:
    """Records that name each other twice: two to the power of levels values, of no bytes."""
    kind: Any = record("null", name="L0")
    for level in range(1, levels):
        kind = record(kind, f"L{level - 1}", name=f"L{level}")
    return dict(kind)


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (record(["null", "R"]), "recursive: 'R' contains itself"),
        (record({"type": "array", "items": "R"}), "recursive"),
        (record({"type": "map", "values": ["null", "R"]}), "recursive"),
        (record(record("R", name="Inner")), "recursive"),
        (record(record("int", name="R")), "recursive: 'R' is defined within itself"),
        ({**record(["null", "a.R"]), "namespace": "a"}, "recursive"),
        (record({"type": "array", "items": "null"}), "an array of null takes no bytes"),
        (record({"type": "array", "items": record(name="E")}), "takes no bytes"),
        (record({"type": "array", "items": record("null", name="E")}), "takes no bytes"),
        (record({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}), "takes no bytes"),
        (record(record(name="E"), {"type": "array", "items": "E"}), "takes no bytes"),
        (record({"type": "map", "values": "null"}), "a map of null takes no bytes"),
        (record({"type": "array", "items": record("int", *["null"] * 9, name="E")}), "makes 10 values"),
        (record(*["null"] * 1_001), "makes 1002 values that take no bytes"),
        (doubling(20), "values that take no bytes"),
        (record(deep(33)), "nests deeper than 32"),
        (record("Unknown"), "names 'Unknown', which it does not define"),
        (record([]), "a union without branches"),
        (record({"type": "fixed", "name": "F", "size": 2**40}), "a size of 0 to"),
        (record({"type": "fixed", "name": "F", "size": -1}), "a size of 0 to"),
        (record({"type": "fixed", "name": "F"}), "a size of 0 to"),
        ({"type": "record", "name": "R"}, "no list of fields"),
        ({"type": "record", "name": "R", "fields": [{"name": "a"}]}, "no list of fields"),
        ({"type": "record", "name": "R", "fields": [{"name": "a", "type": 5}]}, "no Avro schema"),
        ({"type": "enum", "name": "E", "symbols": 5}, "no Avro schema"),
        ({}, "no Avro schema"),
    ],
)
def test_unsafe_schemas_are_refused(definition: Any, reason: str) -> None:
    with pytest.raises(SchemaUnsafe, match=reason):
        AvroSchema.read(json.dumps(definition))


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{nonsense", "no JSON"), ("[" * 100_000, "no JSON"), (" " * 262_145, "262145 characters")],
)
def test_texts_that_are_no_schema_are_refused(text: str, reason: str) -> None:
    with pytest.raises(SchemaUnsafe, match=reason):
        AvroSchema.read(text)


@pytest.mark.parametrize(
    "definition",
    [
        record(deep(30)),
        record(*["null"] * 900),
        record({"type": "array", "items": record(["null", "string"], ["null", "long"], name="E")}),
        record(record("int", name="E"), "E", "E", {"type": "array", "items": "E"}),
        record({"type": "map", "values": ["null", record(name="E")]}),
    ],
)
def test_ordinary_schemas_pass(definition: Any) -> None:
    assert AvroSchema.read(definition).name == "R"


def test_our_own_schemas_are_safe() -> None:
    for processor in avsc.lanes():
        assert avsc.load(processor, "request")
        assert avsc.load(processor, "result")


def test_a_file_that_is_unsafe_is_named(tmp_path: Any) -> None:
    path = tmp_path / "request.avsc"
    path.write_text("{")
    with pytest.raises(SchemaUnsafe, match=r"request\.avsc"):
        AvroSchema.file(path)


@pytest.mark.parametrize("count", [4, 20_000_000, 2**40, 2**62, -20_000_000, -(2**63)])
@pytest.mark.parametrize("kind", ["array", "map"])
@pytest.mark.parametrize("evolved", [False, True])
def test_a_claim_of_more_items_than_there_are_bytes_allocates_nothing(kind: str, count: int, evolved: bool) -> None:
    schema = AvroSchema.read(record({"type": kind, "items": "int", "values": "int"}))
    writer = AvroSchema.read(record({"type": kind, "items": "int", "values": "int"}, "int")) if evolved else schema
    decode = decoder_for(writer, schema)
    value = encode_long(count) + (encode_long(8) if count < 0 else b"") + b"\x02\x02"
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            decode(value)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", [20_000_000, 2**40])
def test_a_claim_of_more_items_of_fixed_size_than_there_are_bytes_allocates_nothing(count: int) -> None:
    """Nothing else would stop it: slices beyond the end are short, and raise nothing."""
    schema = AvroSchema.read(record({"type": "array", "items": {"type": "fixed", "name": "F", "size": 4}}))
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            decoder_for(schema, schema)(encode_long(count) + b"\x02\x02")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_negative_block_counts_with_their_size_are_read_as_avro_says() -> None:
    schema = AvroSchema.read(record({"type": "array", "items": "int"}))
    assert decoder_for(schema, schema)(b"\x03\x04\x02\x04\x02\x06\x00") == {"f0": [1, 2, 3]}


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x02", "no such branch"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x01", "no such branch"),
        (["null", "int"], b"\x04", "no such branch"),
        (["null", "int"], b"\x01", "no such branch"),
        ("boolean", b"\x02", "neither 0 nor 1"),
        ("int", encode_long(2**31), "more than 32 bits"),
        ("double", b"\x00", "end too early"),
    ],
)
def test_values_that_no_writer_makes_are_refused(kind: Any, value: bytes, reason: str) -> None:
    schema = AvroSchema.read(record(kind))
    with pytest.raises(Unreadable, match=reason):
        decoder_for(schema, schema)(value)
