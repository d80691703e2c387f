"""Requests of every lane that are as they should be, made from the schema alone."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from schemas import avsc
from schemas.shape import Node, named_types, resolved

TEXT, DATA = "a text, \u00e4\u00f6\u00fc \U0001f600", bytes(range(64))


def records(lane: str) -> Iterator[dict[str, Any]]:
    """Two requests: one with every optional part, one without."""
    schema = avsc.load(lane, "request")
    for full in (True, False):
        yield _value(schema.parsed, named_types(schema.parsed), full)


def as_json(value: Any) -> Any:
    """The same as JSON has it: bytes are base64."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: as_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [as_json(part) for part in value]
    return value


def _value(node: Node, named: Mapping[str, Node], full: bool) -> Any:
    kind, node = resolved(node, named)
    match kind:
        case "record":
            return {field["name"]: _value(field["type"], named, full) for field in node["fields"]}
        case "union":
            return _value(node[-1 if full else 0], named, full)
        case "array":
            return [_value(node["items"], named, full) for _ in range(2 * full)]
        case "map":
            return {f"k{number}": _value(node["values"], named, full) for number in range(2 * full)}
        case "enum":
            return node["symbols"][-1 if full else 0]
        case "fixed":
            return bytes(node["size"])
    return {
        "null": None, "boolean": full, "int": 7, "long": 1 << 40, "float": 0.5, "double": 0.25,
        "string": TEXT if full else "id", "bytes": DATA if full else b"",
    }[kind]  # fmt: skip
