"""Records as tuples of their fields' values, in the schema's order at every depth: quicker to write than mappings."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from schemas.shape import Node, named_types, resolved

Makers: TypeAlias = Mapping[str, Callable[..., Any]]
"""What is made of records, by their full name, from their fields' values in the schema's order."""


def record_of(parsed: Node, row: Any) -> Any:
    """The record, by its fields' names, of a row; what is no row of its schema is left as it is."""
    return _named(parsed, row, named_types(parsed))


def made_of(parsed: Node, record: Any, makers: Makers) -> Any:
    """What these make of a record and of those within it; others stay mappings. Raises what they raise."""
    return _made(parsed, record, named_types(parsed), makers)


def _named(node: Node, value: Any, known: Mapping[str, Node]) -> Any:
    kind, node = resolved(node, known)
    if kind == "union":
        inner = _other(node)
        return value if value is None or inner is None else _named(inner, value, known)
    if kind == "record" and isinstance(value, list | tuple) and len(value) == len(node["fields"]):
        pairs = zip(node["fields"], value, strict=True)
        return {field["name"]: _named(field["type"], item, known) for field, item in pairs}
    if kind == "array" and isinstance(value, list | tuple):
        return [_named(node["items"], item, known) for item in value]
    if kind == "map" and isinstance(value, Mapping):
        return {key: _named(node["values"], item, known) for key, item in value.items()}
    return value


def _made(node: Node, value: Any, known: Mapping[str, Node], makers: Makers) -> Any:
    kind, node = resolved(node, known)
    if kind == "union":
        inner = _other(node)
        return value if value is None or inner is None else _made(inner, value, known, makers)
    if kind == "record":
        fields = {one["name"]: _made(one["type"], value[one["name"]], known, makers) for one in node["fields"]}
        maker = makers.get(node["name"])
        return fields if maker is None else maker(*fields.values())
    if kind == "array":
        return [_made(node["items"], item, known, makers) for item in value]
    if kind == "map":
        return {key: _made(node["values"], item, known, makers) for key, item in value.items()}
    return value


def _other(branches: list[Node]) -> Node | None:
    """What a union of null and one other type holds; None for any other union."""
    found = [branch for branch in branches if branch != "null"]
    return found[0] if len(found) == 1 else None
