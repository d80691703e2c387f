"""Reading Avro of any kind, by the schema that it was written with."""

from collections.abc import Callable
from typing import Any

from schemas.avro_schema import AvroSchema
from schemas.codec import FRAME, read_frame
from schemas.decoder import Decode, decoder_for
from schemas.errors import SchemaPending
from schemas.registry import Registry


def as_written(schema: AvroSchema) -> Decode:
    """Framed values of a schema as they are."""
    return decoder_for(schema, schema, FRAME)


class AnyDecoder:
    """Decodes framed values of whatever schema; it may block on the registry for one that it sees first.

    `make` gives the function for the values of a schema.
    """

    def __init__(self, registry: Registry, make: Callable[[AvroSchema], Decode] = as_written) -> None:
        self._registry, self._make = registry, make
        self._decoders: dict[int, Decode] = {}

    def __call__(self, value: bytes) -> Any:
        """The value. Raises Unreadable, RegistryUnavailable."""
        schema_id = read_frame(value)
        decode = self._decoders.get(schema_id)
        if decode is None:
            decode = self._decoders[schema_id] = self._make(self._schema(schema_id))
        return decode(value)

    def _schema(self, schema_id: int) -> AvroSchema:
        try:
            return self._registry.cached(schema_id)
        except SchemaPending:
            self._registry.fetch(schema_id)
            return self._registry.cached(schema_id)
