"""The schemas of what sagas write and read."""

from functools import lru_cache

from schemas.avro_schema import AvroSchema
from schemas.avsc import FOLDER


@lru_cache(maxsize=16)
def schema(record: str) -> AvroSchema:
    """One of request, result, outcome, history, attention, definition, instance."""
    return AvroSchema.file(FOLDER / "sagas" / f"{record}.avsc")
