"""Walking a parsed schema: what kind a node is, what its names mean, what its defaults are in Python."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Node = Any
"""A parsed schema: a type's name, a union's list, or a mapping with `type`."""


def named_types(node: Node) -> dict[str, Node]:
    """Every record, enum and fixed of a parsed schema by its full name."""
    return {part["name"]: part for part in _parts(node) if isinstance(part, Mapping) and "name" in part}


def resolved(node: Node, named: Mapping[str, Node]) -> tuple[str, Node]:
    """A node's kind (`union` for a list) and its definition, where a name stands for one defined before."""
    while True:
        if isinstance(node, list):
            return "union", node
        if isinstance(node, str):
            if node not in named:
                return node, {"type": node}
            node = named[node]
        elif isinstance(node["type"], str) and node["type"] not in named:
            return node["type"], node
        else:
            node = node["type"]


def without_logical_types(node: Any) -> Any:
    """A copy whose values are of the underlying types: what a `decimal` says about its size, nobody checks."""
    if isinstance(node, list):
        return [without_logical_types(part) for part in node]
    if isinstance(node, Mapping):
        return {
            name: part if name == "default" else without_logical_types(part)
            for name, part in node.items()
            if name != "logicalType"
        }
    return node


def default_value(node: Node, default: Any, named: Mapping[str, Node]) -> Any:
    """A field's default as a Python value: JSON has strings where Avro has bytes."""
    kind, node = resolved(node, named)
    if kind == "union":
        return default_value(node[0], default, named)
    if kind in ("bytes", "fixed"):
        return default.encode("iso-8859-1") if isinstance(default, str) else default
    if kind == "array":
        return [default_value(node["items"], item, named) for item in default]
    if kind == "map":
        return {key: default_value(node["values"], item, named) for key, item in default.items()}
    if kind == "record":
        return {
            field["name"]: default_value(field["type"], default.get(field["name"], field.get("default")), named)
            for field in node["fields"]
        }
    return default


def with_python_defaults(parsed: Node) -> Node:
    """A copy of a parsed schema whose defaults are Python values: fastavro hands them out as they stand."""
    named = named_types(parsed)
    copied = deepcopy(parsed)
    for field in _fields(copied):
        if "default" in field:
            field["default"] = default_value(field["type"], field["default"], named)
    return copied


def has_mutable_defaults(parsed: Node) -> bool:
    """Whether a default is a list or a mapping, which records would share."""
    return any(isinstance(field.get("default"), list | dict) for field in _fields(parsed))


def least_bytes(node: Node, named: Mapping[str, Node]) -> int:
    """The fewest bytes that an encoded value can have."""
    kind, node = resolved(node, named)
    if kind == "union":
        return 1 + min(least_bytes(branch, named) for branch in node)
    if kind in ("record", "error"):
        return sum(least_bytes(field["type"], named) for field in node["fields"])
    if kind == "fixed":
        return int(node["size"])
    return {"null": 0, "float": 4, "double": 8}.get(kind, 1)


def _fields(parsed: Node) -> Iterator[dict[str, Any]]:
    for part in _parts(parsed):
        if isinstance(part, Mapping):
            yield from part.get("fields", ())


def _parts(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, list):
        for branch in node:
            yield from _parts(branch)
    elif isinstance(node, Mapping):
        for inner in (node.get("type"), node.get("items"), node.get("values")):
            if isinstance(inner, list | Mapping):
                yield from _parts(inner)
        for field in node.get("fields", ()):
            yield from _parts(field["type"])
