"""An Avro schema that is safe to decode with: parsed, checked, and comparable."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastavro.schema import parse_schema, to_parsing_canonical_form

from schemas.errors import SchemaUnsafe
from schemas.guards import MAX_SIZE, refuse
from schemas.shape import without_logical_types


@dataclass(frozen=True, slots=True, eq=False)
class AvroSchema:
    """`text` is what the registry keeps (minified JSON); `parsed` what fastavro wants; `canonical` decides equality.

    Made by `read`, which refuses what could harm a reader. Logical types are ignored, as Avro allows: values are
    of the underlying type.
    """

    name: str
    text: str
    canonical: str
    definition: Any
    parsed: Any

    @classmethod
    def read(cls, source: str | Mapping[str, Any]) -> "AvroSchema":
        """The schema of a JSON text or of its parsed form; raises SchemaUnsafe, also for what is no schema."""
        definition = _load(source)
        refuse(definition)
        try:
            parsed = parse_schema(without_logical_types(definition))
            canonical = to_parsing_canonical_form(parsed)
        except Exception as error:  # fastavro raises whatever its recursion met
            raise SchemaUnsafe(f"this is no Avro schema: {type(error).__name__}: {error}") from error
        name = parsed.get("name", parsed["type"]) if isinstance(parsed, dict) else str(parsed)
        return cls(str(name), json.dumps(definition, separators=(",", ":")), str(canonical), definition, parsed)

    @classmethod
    def file(cls, path: Path) -> "AvroSchema":
        """The schema of an `.avsc` file; raises SchemaUnsafe with the file's name."""
        try:
            return cls.read(path.read_text(encoding="utf-8"))
        except SchemaUnsafe as error:
            raise SchemaUnsafe(f"{path}: {error}") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AvroSchema) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)


def _load(source: str | Mapping[str, Any]) -> Any:
    if not isinstance(source, str):
        return dict(source)
    if len(source) > MAX_SIZE:
        raise SchemaUnsafe(f"the schema has {len(source)} characters; the limit is {MAX_SIZE}")
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        raise SchemaUnsafe(f"the schema is no JSON: {error or type(error).__name__}") from error
