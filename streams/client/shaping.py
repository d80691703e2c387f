"""From what a person writes to a record of a schema, and back: base64 for bytes, nested lists for tensors."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from schemas.avro_schema import AvroSchema
from schemas.fit import Fit, Misfit
from schemas.shape import Node, named_types, resolved
from streams.client.tensors import TensorError, tensor

TENSOR = "sluicegate.Tensor"


class Shaper:
    """Makes records of one schema from JSON objects.

    A field that is a tensor may be nested lists of numbers, or `{dtype, data}` with nested lists. `typed` says
    what a text means for a field of some kind (`bytes`, `int`, `tensor`), where texts were typed by a person.
    """

    def __init__(self, schema: AvroSchema, typed: Callable[[str, str], Any] | None = None) -> None:
        self._fit = Fit(schema.parsed, json=True)
        self._typed = typed
        named = named_types(schema.parsed)
        self._kinds = {field["name"]: _kind(field["type"], named) for field in schema.parsed["fields"]}

    def record(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The record; raises Misfit with the path of the field that does not fit."""
        loose = {name: self._loosened(name, one) for name, one in value.items()}
        record: dict[str, Any] = self._fit.fit(loose)
        return record

    def _loosened(self, name: str, value: Any) -> Any:
        """The value as the schema's own JSON form has it."""
        kind = self._kinds.get(name)
        try:
            if kind is not None and self._typed is not None and isinstance(value, str):
                value = self._typed(value, kind)
            return _as_tensor(value) if kind == "tensor" else plain(value)
        except ValueError as error:
            raise Misfit(name, str(error)) from None


def _kind(node: Node, named: Mapping[str, Node]) -> str:
    kind, node = resolved(node, named)
    if kind == "union":
        branches = [branch for branch in node if branch != "null"]
        return _kind(branches[0], named) if len(branches) == 1 else kind
    return "tensor" if kind == "record" and node["name"] == TENSOR else kind


def _as_tensor(value: Any) -> Any:
    if isinstance(value, list):
        return plain(tensor(value))
    if isinstance(value, Mapping) and isinstance(value.get("data"), list):
        made = tensor(value["data"], value.get("dtype", "float32"))
        if value.get("shape", made["shape"]) != made["shape"]:
            raise TensorError(f"the shape is given as {value['shape']}, and the lists have {made['shape']}")
        return plain(made)
    return value


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text; raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{text[:40]!r} is not base64") from None


def plain(value: Any) -> Any:
    """The same value as JSON can say it: bytes as base64, all else as it is."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
