"""The compiled codec against fastavro, over drawn schemas and records."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avro_schema import AvroSchema
from schemas.decoder import decoder_for, maker_for
from schemas.encoder import encoder_for, row_encoder_for
from schemas.errors import Unreadable
from schemas.rows import made_of, record_of
from schemas.shape import named_types
from tests.strategies import records, schemas


@st.composite
def schemas_and_records(draw: st.DrawFn) -> tuple[AvroSchema, dict[str, Any]]:
    schema = draw(schemas(depth=2))
    return schema, draw(records(schema))


def reference(schema: AvroSchema, record: dict[str, Any]) -> bytes:
    buffer = BytesIO()
    schemaless_writer(buffer, schema.parsed, record)
    return buffer.getvalue()


@settings(max_examples=40, deadline=None)
@given(schemas_and_records())
def test_compiled_bytes_are_those_of_fastavro(drawn: tuple[AvroSchema, dict[str, Any]]) -> None:
    schema, record = drawn
    assert encoder_for(schema)(record) == reference(schema, record)


def rows(schema: AvroSchema) -> dict[str, Any]:
    """Makers of a row of each record."""
    return {name: lambda *values: values for name in named_types(schema.parsed)}


@settings(max_examples=40, deadline=None)
@given(schemas_and_records())
def test_rows_are_encoded_and_decoded_as_their_records_are(drawn: tuple[AvroSchema, dict[str, Any]]) -> None:
    schema, record = drawn
    value = reference(schema, record)
    row = made_of(schema.parsed, record, rows(schema))
    assert record_of(schema.parsed, row) == record
    assert row_encoder_for(schema)(row) == value
    expected = made_of(schema.parsed, schemaless_reader(BytesIO(value), schema.parsed, None), rows(schema))
    assert maker_for(schema, rows(schema))(value) == expected


@settings(max_examples=40, deadline=None)
@given(schemas_and_records())
def test_what_was_encoded_is_decoded_as_fastavro_does(drawn: tuple[AvroSchema, dict[str, Any]]) -> None:
    schema, record = drawn
    value = reference(schema, record)
    expected = schemaless_reader(BytesIO(value), schema.parsed, None)
    assert decoder_for(schema, schema)(value) == expected


@settings(max_examples=40, deadline=None)
@given(schemas_and_records(), st.binary(min_size=1, max_size=8))
def test_bytes_left_over_are_refused(drawn: tuple[AvroSchema, dict[str, Any]], more: bytes) -> None:
    schema, record = drawn
    with pytest.raises(Unreadable):
        decoder_for(schema, schema)(reference(schema, record) + more)


@settings(max_examples=40, deadline=None)
@given(schemas_and_records(), st.data())
def test_a_truncated_value_is_refused(drawn: tuple[AvroSchema, dict[str, Any]], data: st.DataObject) -> None:
    schema, record = drawn
    value = reference(schema, record)
    cut = data.draw(st.integers(0, len(value) - 1))
    with pytest.raises(Unreadable):
        decoder_for(schema, schema)(value[:cut])


@settings(max_examples=40, deadline=None)
@given(schemas(depth=2), st.binary(max_size=200))
def test_any_bytes_are_a_record_that_reads_the_same_again_or_unreadable(schema: AvroSchema, value: bytes) -> None:
    decode = decoder_for(schema, schema)
    try:
        record = decode(value)
    except Unreadable:
        return
    again = encoder_for(schema)(record)
    assert encoder_for(schema)(decode(again)) == again


@settings(max_examples=40, deadline=None)
@given(schemas_and_records(), st.data())
def test_a_flipped_byte_never_raises_anything_but_unreadable(
    drawn: tuple[AvroSchema, dict[str, Any]], data: st.DataObject
) -> None:
    schema, record = drawn
    value = bytearray(reference(schema, record))
    if value:
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unreadable):
        decoder_for(schema, schema)(bytes(value))
