"""Frames, evolution, and what can never be read."""

import pytest

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.codec import Codec, frame
from schemas.errors import SchemaNotFound, SchemaPending, Unreadable, Unwritable
from schemas.testing import MemoryRegistry

SUBJECT = "sluicegate.echo.requests-value"
RECORD = {"request_id": "one", "payload": b"\x00\x01"}


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def codec(registry: MemoryRegistry) -> Codec:
    schema = avsc.load("echo", "request")
    registry.register(SUBJECT, schema)
    bound = Codec(schema, SUBJECT, registry)
    bound.bind()
    return bound


def order(*fields: dict[str, object]) -> AvroSchema:
    first = {"name": "request_id", "type": "string"}
    return AvroSchema.read({"type": "record", "name": "Order", "fields": [first, *fields]})


def test_a_value_is_a_zero_the_schema_id_and_the_body(codec: Codec) -> None:
    assert codec.encode(RECORD) == b"\x00\x00\x00\x00\x01\x06one\x04\x00\x01"
    assert codec.encoder(RECORD) == codec.encode(RECORD)
    assert codec.decode(codec.encode(RECORD)) == RECORD


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "too few"),
        (b"\x00\x00\x00\x00", "too few"),
        (b'{"request_id": 1}', "0x7b instead of 0x00"),
        (b"\x00\xff\xff\xff\xff\x00", "negative"),
        (b"\x00\x00\x00\x00\x01", "end too early"),
        (b"\x00\x00\x00\x00\x01\x06on", "end too early"),
        (b"\x00\x00\x00\x00\x01\x06one\x06\x00", "2 bytes are missing"),
        (b"\x00\x00\x00\x00\x01\x06one\x02\x00junk", "4 bytes are left over"),
        (b"\x00\x00\x00\x00\x01\x05one\x02\x00", "a length is negative"),
        (b"\x00\x00\x00\x00\x01\x04\xff\xfe\x02\x00", "UnicodeDecodeError"),
        (b"\x00\x00\x00\x00\x01" + b"\x80" * 11, "more than ten bytes"),
        (b"\x00\x00\x00\x00\x01" + b"\xff" * 9 + b"\x02", "more than 64 bits"),
        (b"\x00\x00\x00\x00\x01" + b"\xfe" + b"\xff" * 8 + b"\x01", "end too early|missing"),
    ],
)
def test_what_can_never_be_read(codec: Codec, value: bytes | None, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as refused:
        codec.decode(value)
    assert refused.value.stage == "VALUE_CONVERTER"


@pytest.mark.parametrize(("more", "reason"), [(b"\x00", "1 bytes are left over"), (b"\x06on", "left over")])
def test_bytes_left_over_of_another_writer_are_refused(registry: MemoryRegistry, more: bytes, reason: str) -> None:
    writer, reader = order({"name": "gone", "type": "long"}), order()
    registry.register("s", writer)
    value = frame(1) + b"\x06one\x02"
    codec = Codec(reader, "s", registry)
    assert codec.decode(value) == {"request_id": "one"}
    with pytest.raises(Unreadable, match=reason):
        codec.decode(value + more)


def test_a_new_id_is_pending_and_asks_nobody(codec: Codec, registry: MemoryRegistry) -> None:
    asked = registry.source.asked
    with pytest.raises(SchemaPending) as pending:
        codec.decode(frame(9) + b"\x06one\x00")
    assert pending.value.schema_id == 9
    assert registry.source.asked == asked


def test_an_older_writer_is_resolved_with_defaults_of_the_right_type(registry: MemoryRegistry) -> None:
    writer = order({"name": "gone", "type": "long"})
    reader = order(
        {"name": "data", "type": "bytes", "default": "\u00ff"},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
    )
    old, new = Codec(writer, "s", registry), Codec(reader, "s", registry)
    registry.register("s", writer)
    old.bind()
    value = old.encode({"request_id": "one", "gone": 7})
    first = new.decode(value)
    assert first == {"request_id": "one", "data": b"\xff", "tags": []}
    first["tags"].append("mine")
    assert new.decode(value)["tags"] == []
    with pytest.raises(Unreadable, match="left over"):
        new.decode(value + b"x")
    with pytest.raises(Unreadable, match="end too early"):
        new.decode(value[:-1])


def test_a_writer_that_means_something_else_is_unreadable(codec: Codec, registry: MemoryRegistry) -> None:
    result = avsc.load("echo", "result")
    schema_id = registry.register("other", result)
    with pytest.raises(Unreadable, match=r"sluicegate.echo.EchoResult.*Schema"):
        codec.decode(frame(schema_id) + b"\x06one" + bytes(30))


def test_equal_schemas_under_two_ids_are_both_read(codec: Codec, registry: MemoryRegistry) -> None:
    documented = {**avsc.load("echo", "request").definition, "doc": "another text"}
    schema_id = registry.register("other", AvroSchema.read(documented))
    assert schema_id != codec.schema_id
    assert codec.decode(frame(schema_id) + codec.encode(RECORD)[5:]) == RECORD


def test_decoders_are_bounded(codec: Codec, registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.codec._MAX_WRITERS", 2)
    body = codec.encode(RECORD)[5:]
    for schema_id in range(50, 60):
        registry._know(schema_id, codec.schema)
        assert codec.decode(frame(schema_id) + body) == RECORD
    assert len(codec._decoders) <= 2


def test_decoders_are_bounded_in_their_schemas_text(
    codec: Codec, registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemas.codec._MAX_TEXT", 3 * len(codec.schema.text))
    body = codec.encode(RECORD)[5:]
    for schema_id in range(50, 60):
        registry._know(schema_id, codec.schema)
        assert codec.decode(frame(schema_id) + body) == RECORD
    assert 1 <= len(codec._decoders) <= 4


def test_without_an_id_nothing_is_encoded(registry: MemoryRegistry) -> None:
    codec = Codec(avsc.load("echo", "request"), SUBJECT, registry)
    with pytest.raises(SchemaNotFound, match=r"bind\(\)"):
        codec.encode(RECORD)
    with pytest.raises(SchemaNotFound, match=f"EchoRequest under '{SUBJECT}': run `sluicegate init`"):
        codec.bind()


def test_a_record_that_does_not_fit_is_refused_by_its_field(codec: Codec) -> None:
    with pytest.raises(Unwritable, match="payload: expected bytes, found str"):
        codec.encode({"request_id": "one", "payload": "text"})
