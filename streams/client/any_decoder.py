"""Reading Avro of any kind, by the schema that it was written with."""

from typing import Any

from schemas.codec import FRAME, read_frame
from schemas.decoder import Decode, decoder_for
from schemas.errors import SchemaPending
from schemas.registry import Registry


class AnyDecoder:
    """Decodes framed values of whatever schema; it may block on the registry for one that it sees first."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._decoders: dict[int, Decode] = {}

    def __call__(self, value: bytes) -> Any:
        """The value. Raises Unreadable, RegistryUnavailable."""
        schema_id = read_frame(value)
        decode = self._decoders.get(schema_id)
        if decode is None:
            schema = self._schema(schema_id)
            decode = self._decoders[schema_id] = decoder_for(schema, schema, FRAME)
        return decode(value)

    def _schema(self, schema_id: int) -> Any:
        try:
            return self._registry.cached(schema_id)
        except SchemaPending:
            self._registry.fetch(schema_id)
            return self._registry.cached(schema_id)
