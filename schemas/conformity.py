"""Does a pydantic record say the same as its `.avsc`? A test asks this for every processor."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.avro_schema import AvroSchema
from schemas.shape import Node, default_value, named_types, resolved

_PRIMITIVES: dict[str, type] = {
    "boolean": bool,
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null": NoneType,
    "enum": str,
    "fixed": bytes,
}


def conforms(model: type[BaseModel], schema: AvroSchema) -> list[str]:
    """Each difference between a model and a record schema, in words; empty when they agree."""
    return _Comparison(named_types(schema.parsed)).record(model, schema.parsed, model.__name__)


class _Comparison:
    def __init__(self, named: Mapping[str, Node]) -> None:
        self._named = named

    def record(self, model: type[BaseModel], node: Node, path: str) -> list[str]:
        """Differences of names, types, and defaults."""
        fields = {field["name"]: field for field in node["fields"]}
        found = [f"{path}.{name} is in the schema only" for name in fields.keys() - model.model_fields.keys()]
        found += [f"{path}.{name} is in the model only" for name in model.model_fields.keys() - fields.keys()]
        for name, info in model.model_fields.items():
            if name in fields:
                found += self._field(info, fields[name], f"{path}.{name}")
        return sorted(found)

    def _field(self, info: FieldInfo, field: Mapping[str, Any], path: str) -> list[str]:
        found = self._type(info.annotation, field["type"], path)
        if info.is_required() != ("default" not in field):
            found.append(f"{path} has a default on one side only")
        elif not info.is_required() and info.get_default(call_default_factory=True, validated_data={}) != self._default(
            field
        ):
            found.append(f"{path} has another default in the schema: {field['default']!r}")
        return found

    def _default(self, field: Mapping[str, Any]) -> Any:
        return default_value(field["type"], field["default"], self._named)

    def _type(self, annotation: Any, node: Node, path: str) -> list[str]:
        kind, node = resolved(node, self._named)
        if hasattr(annotation, "__metadata__"):
            annotation = annotation.__origin__
        origin, arguments = get_origin(annotation), get_args(annotation)
        if kind == "union" and origin in (Union, UnionType):
            return self._union(arguments, node, path)
        if kind == "record" and isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.record(annotation, node, path)
        if kind == "array" and origin in (list, tuple):
            return self._type(arguments[0], node["items"], f"{path}[]")
        if kind == "map" and origin is dict and arguments[0] is str:
            return self._type(arguments[1], node["values"], f"{path}{{}}")
        expected = _PRIMITIVES.get(kind)
        if expected is not None and isinstance(annotation, type) and issubclass(annotation, expected):
            return [] if (annotation is bool) == (expected is bool) else [f"{path} is {annotation}, not {kind}"]
        return [f"{path} is {annotation} in the model and {kind} in the schema"]

    def _union(self, arguments: tuple[Any, ...], branches: list[Node], path: str) -> list[str]:
        if len(arguments) != len(branches):
            return [f"{path} has {len(arguments)} types in the model and {len(branches)} in the schema"]
        unmatched = [
            argument for argument in arguments if all(self._type(argument, branch, path) for branch in branches)
        ]
        return [f"{path} may be {argument} in the model only" for argument in unmatched]
