"""Avro for people: bytes whose schema calls them JSON (`"logicalType": "json"`) are the values that they say."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from schemas.avro_schema import AvroSchema
from schemas.decoder import Decode
from schemas.shape import Node
from streams.client.any_decoder import as_written

JSON = "json"


def readable(schema: AvroSchema) -> Decode:
    """Framed values of a schema, the record's own JSON fields opened; what no JSON is stays bytes, empty is None."""
    decode, names = as_written(schema), json_fields(schema.definition)
    if not names:
        return decode

    def opened(value: bytes) -> dict[str, Any]:
        record = decode(value)
        return {**record, **{name: _opened(record[name]) for name in names}}

    return opened


def json_fields(definition: Node) -> list[str]:
    """The fields of a record that are bytes with JSON in them, or a union with such; in a nested record, none are."""
    fields = definition.get("fields", ()) if isinstance(definition, Mapping) else ()
    return [field["name"] for field in fields if _is_json(field["type"])]


def _is_json(node: Node) -> bool:
    if isinstance(node, list):
        return any(_is_json(branch) for branch in node)
    return isinstance(node, Mapping) and (node.get("type"), node.get("logicalType")) == ("bytes", JSON)


def _opened(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return from_json(value) if value else None
    except ValueError:
        return value
