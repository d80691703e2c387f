"""The codec of one subject: Confluent's frame around Avro, strict in both directions.

A frame is a zero byte, the schema's id in four bytes, and the Avro body. Nothing here waits for the registry: an id
that is not cached raises SchemaPending, and whoever owns the clock fetches it off the hot path.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from schemas.avro_schema import AvroSchema
from schemas.decoder import Decode, decoder_for
from schemas.encoder import Encode, encoder_for
from schemas.errors import SchemaNotFound, Unreadable
from schemas.json_record import JsonReader

FRAME = 5
_MAX_WRITERS, _MAX_TEXT = 1_000, 8 * 1_048_576


class Schemas(Protocol):
    """What a codec needs of the registry."""

    def cached(self, schema_id: int) -> AvroSchema:
        """The schema; raises SchemaPending or Unreadable, and never blocks."""
        ...

    def find_id(self, subject: str, schema: AvroSchema) -> int | None:
        """The schema's id under a subject, or None; blocks, and may raise RegistryUnavailable."""
        ...


class Codec:
    """Decodes to one schema whatever a compatible writer used, and encodes with it."""

    def __init__(self, schema: AvroSchema, subject: str, registry: Schemas) -> None:
        self.schema = schema
        self.subject = subject
        self.schema_id = -1
        self._registry = registry
        self._decoders: dict[bytes, Decode] = {}
        self._text = 0
        self._json = JsonReader(schema)
        self._encode: Encode = self._unbound

    def bind(self) -> int:
        """Looks the schema's id up, once, before anything is encoded; blocks.

        Raises SchemaNotFound when the subject does not have this schema, RegistryUnavailable when nobody answers.
        """
        schema_id = self._registry.find_id(self.subject, self.schema)
        if schema_id is None:
            raise SchemaNotFound(
                f"the registry does not have {self.schema.name} under {self.subject!r}: run `sluicegate init`"
                " (or `sluicegate schemas apply` after a change of the schema)"
            )
        self.schema_id = schema_id
        self._encode = encoder_for(self.schema, frame(schema_id))
        return schema_id

    def decode(self, value: bytes | None) -> dict[str, Any]:
        """The record of a framed value, with the fields of this codec's schema.

        Raises Unreadable when it never can be read, SchemaPending when the registry was not asked for its schema
        yet (or not lately): fetch it and call again.
        """
        try:
            decode = self._decoders[value[:5]]  # type: ignore[index]  # None is a tombstone, and rare
        except (KeyError, TypeError):
            decode = self._decoder(value)
        return decode(value)  # type: ignore[arg-type]

    def decode_json(self, value: bytes | None) -> dict[str, Any]:
        """The record of a JSON object; see `schemas.json_record` for how types are written in JSON.

        Raises Unreadable for what is no JSON object or has no `request_id` to answer to, InvalidArgument (with the
        request id) for a field that is missing, unknown, or of another type.
        """
        return self._json.read(value)

    def encode(self, record: Mapping[str, Any]) -> bytes:
        """The framed value of a record; raises Unwritable with the field that does not fit."""
        return self._encode(record)

    def encoder_with(self, fixed: Mapping[str, Any]) -> Encode:
        """An encoder for records that lack these fields, whose values are always the same; only after `bind`.

        Raises Unwritable for a fixed value that does not fit.
        """
        if self.schema_id < 0:
            raise SchemaNotFound(f"the codec of {self.subject!r} has no schema id yet: call bind() first")
        return encoder_for(self.schema, frame(self.schema_id), fixed)

    @property
    def encoder(self) -> Callable[[Mapping[str, Any]], bytes]:
        """`encode` without a call in between, for loops; only after `bind`."""
        return self._encode

    def _unbound(self, record: Mapping[str, Any]) -> bytes:
        raise SchemaNotFound(f"the codec of {self.subject!r} has no schema id yet: call bind() before encode()")

    def _decoder(self, value: bytes | None) -> Decode:
        schema_id = read_frame(value)
        writer = self._registry.cached(schema_id)
        decode = decoder_for(writer, self.schema, FRAME)
        if len(self._decoders) >= _MAX_WRITERS or self._text > _MAX_TEXT:
            self._decoders.clear()
            self._text = 0
        self._text += len(writer.text)
        self._decoders[frame(schema_id)] = decode
        return decode


def frame(schema_id: int) -> bytes:
    """The five bytes before an Avro body."""
    return b"\x00" + schema_id.to_bytes(4, "big")


def read_frame(value: bytes | None) -> int:
    """The schema id that a value names; raises Unreadable for what is not framed."""
    if value is None:
        raise Unreadable("a tombstone: the record has no value, and a request needs one")
    if len(value) < FRAME:
        raise Unreadable(f"{len(value)} bytes are too few for a schema id; a value has at least {FRAME}")
    if value[0] != 0:
        raise Unreadable(f"the first byte is 0x{value[0]:02x} instead of 0x00: not in Confluent's wire format")
    schema_id = int.from_bytes(value[1:5], "big", signed=True)
    if schema_id < 0:
        raise Unreadable(f"schema id {schema_id} is negative: no registry gives such ids")
    return schema_id
