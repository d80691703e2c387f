"""What a record's fields are, as JSON values that no upgrade of a library changes: for forms and for hashes."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Shape = dict[str, Any]


def shape(model: type[BaseModel]) -> Shape:
    """The fields of a record by name, and under `records` those of the records that they name."""
    records: Shape = {}
    fields = _fields(model, records)
    return {"name": model.__qualname__, "fields": fields, "records": records}


def item_shape(annotation: Any) -> Any:
    """A record's shape, or another type as it is written."""
    is_record = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return shape(annotation) if is_record else type_text(annotation)


def type_text(annotation: Any) -> str:
    """A type as it is written, without the modules of its parts."""
    arguments = get_args(annotation)
    name = getattr(annotation, "__qualname__", None) if isinstance(annotation, type) and not arguments else None
    if name is not None:
        return str(name)
    if not arguments:
        return str(annotation).replace("typing.", "")
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(map(_argument, arguments))
    origin = get_origin(annotation)
    outer = getattr(origin, "__qualname__", None) or type(annotation).__name__
    return f"{outer}[{', '.join(map(_argument, arguments))}]"


def _argument(argument: Any) -> str:
    return "..." if argument is Ellipsis else type_text(argument) if _is_type(argument) else repr(argument)


def _is_type(argument: Any) -> bool:
    return isinstance(argument, type) or bool(get_args(argument)) or argument is Any


def _fields(model: type[BaseModel], records: Shape) -> Shape:
    return {name: _field(info, records) for name, info in model.model_fields.items()}


def _field(info: FieldInfo, records: Shape) -> Shape:
    for part in _parts(info.annotation):
        if isinstance(part, type) and issubclass(part, BaseModel) and part.__qualname__ not in records:
            records[part.__qualname__] = {}
            records[part.__qualname__] = _fields(part, records)
    found: Shape = {"type": type_text(info.annotation)}
    if info.default_factory is not None:
        found["default"] = f"{getattr(info.default_factory, '__qualname__', 'a factory')}()"
    elif not info.is_required():
        found["default"] = repr(info.default)
    if info.metadata:
        found["constraints"] = [repr(constraint) for constraint in info.metadata]
    return found


def _parts(annotation: Any) -> list[Any]:
    return [annotation, *(part for argument in get_args(annotation) for part in _parts(argument))]
