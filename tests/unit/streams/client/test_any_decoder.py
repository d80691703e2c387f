"""Reading Avro by the schema that it was written with."""

import pytest

from schemas.avro_schema import AvroSchema
from schemas.avsc import load
from schemas.codec import Codec
from schemas.errors import RegistryUnavailable, Unreadable
from schemas.registry import Registry
from schemas.testing import MemorySource
from streams.client.any_decoder import AnyDecoder


def framed(source: MemorySource, schema: AvroSchema, record: dict[str, object]) -> bytes:
    registry = Registry("", source=source)
    registry.register("subject", schema)
    codec = Codec(schema, "subject", registry)
    codec.bind()
    return codec.encode(record)


def test_each_value_is_read_by_its_own_schema() -> None:
    source = MemorySource()
    other = AvroSchema.read({"type": "record", "name": "Other", "fields": [{"name": "count", "type": "int"}]})
    values = [
        framed(source, load("echo", "request"), {"request_id": "r", "payload": b"hi"}),
        framed(source, other, {"count": 5}),
    ]
    decode = AnyDecoder(Registry("", source=source))
    assert [decode(value) for value in values] == [{"request_id": "r", "payload": b"hi"}, {"count": 5}]


def test_the_registry_is_asked_once_for_each_schema() -> None:
    source = MemorySource()
    value = framed(source, load("echo", "request"), {"request_id": "r", "payload": b"hi"})
    decode = AnyDecoder(Registry("", source=source))
    before = source.asked
    decode(value)
    decode(value)
    assert source.asked == before + 1


def test_an_unknown_schema_is_unreadable_and_a_registry_that_is_down_is_not() -> None:
    source = MemorySource()
    decode = AnyDecoder(Registry("", source=source))
    with pytest.raises(Unreadable):
        decode(b"\0\0\0\0\x63rest")
    source.down = True
    with pytest.raises(RegistryUnavailable):
        decode(b"\0\0\0\0\x64rest")
