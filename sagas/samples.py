"""Values that fit a record's fields: for running a saga's functions once before anything depends on them.

A record whose validators ask for more than its fields' types and bounds say has no sample.
"""

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from schemas.avro_schema import AvroSchema
from schemas.shape import Node, named_types, resolved

ModelT = TypeVar("ModelT", bound=BaseModel)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_PLAIN: Mapping[Any, Any] = {
    bool: True,
    bytes: b"sample",
    datetime: MOMENT,
    date: MOMENT.date(),
    time: MOMENT.time(),
    timedelta: timedelta(seconds=1),
    Decimal: Decimal(1),
    UUID: UUID(int=1),
    NoneType: None,
    Any: "sample",
    object: "sample",
}
_AVRO: Mapping[str, Any] = {
    "string": "sample", "bytes": b"sample", "int": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True,
    "null": None,
}  # fmt: skip


class NoSample(Exception):
    """A type that nothing here fits."""


def sample(model: type[ModelT]) -> ModelT:
    """A record of this model, its defaults kept. Raises NoSample."""
    fields = {name: _field(info) for name, info in model.model_fields.items() if info.is_required()}
    try:
        return model.model_validate({model.model_fields[name].alias or name: value for name, value in fields.items()})
    except (ValidationError, TypeError, ValueError) as error:
        raise NoSample(model.__name__) from error


def value_of(annotation: Any) -> Any:
    """A value of a type. Raises NoSample."""
    return _value(annotation, {})


def output_of(schema: AvroSchema) -> dict[str, Any]:
    """A record of a schema, each field given."""
    found: dict[str, Any] = _avro(schema.parsed, named_types(schema.parsed))
    return found


def _field(info: FieldInfo) -> Any:
    return _value(info.annotation, {name: bound for one in info.metadata for name, bound in _bounds(one)})


def _bounds(constraint: Any) -> list[tuple[str, Any]]:
    names = ("ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of")
    return [(name, bound) for name in names if (bound := getattr(constraint, name, None)) is not None]


def _value(annotation: Any, bounds: Mapping[str, Any]) -> Any:
    if annotation in (int, float):
        return annotation(_number(bounds))
    if annotation is str or annotation is bytes:
        text = "sample".ljust(bounds.get("min_length", 0), "s")[: bounds.get("max_length", 1_000)]
        return text if annotation is str else text.encode()
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return sample(annotation)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return next(iter(annotation))
    return _composed(annotation, bounds)


def _composed(annotation: Any, bounds: Mapping[str, Any]) -> Any:
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Literal:
        return arguments[0]
    if origin in (Union, UnionType):
        return _first(arguments, bounds)
    if hasattr(annotation, "__metadata__"):
        return _value(arguments[0], bounds)
    if origin is tuple and arguments and Ellipsis not in arguments:
        return tuple(_value(argument, {}) for argument in arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_value(arguments[0], {}): _value(arguments[1], {})} if arguments else {}
    if isinstance(origin, type) and issubclass(origin, tuple | list | set | frozenset):
        return [_value(arguments[0], {})] * max(1, bounds.get("min_length", 1)) if arguments else []
    raise NoSample(str(annotation))


def _first(arguments: tuple[Any, ...], bounds: Mapping[str, Any]) -> Any:
    for argument in arguments:
        if argument is not NoneType:
            return _value(argument, bounds)
    raise NoSample("None")


def _number(bounds: Mapping[str, Any]) -> Any:
    step = bounds.get("multiple_of", 1)
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if low is not None and high is not None:
        found = (low + high) / 2
    elif low is not None:
        found = low if "ge" in bounds else low + step
    elif high is not None:
        found = high if "le" in bounds else high - step
    else:
        found = step
    return -(-found // step) * step if "multiple_of" in bounds else found


def _avro(node: Node, named: Mapping[str, Node]) -> Any:
    kind, node = resolved(node, named)
    match kind:
        case "union":
            return _avro(next((branch for branch in node if branch != "null"), "null"), named)
        case "record":
            return {field["name"]: _avro(field["type"], named) for field in node["fields"]}
        case "array":
            return [_avro(node["items"], named)]
        case "map":
            return {"sample": _avro(node["values"], named)}
        case "enum":
            return node["symbols"][0]
        case "fixed":
            return bytes(node["size"])
    return _AVRO[kind]
