"""Refuses schemas with which a small message could exhaust memory or crash the process.

The limits apply to our own schemas and to every writer's schema that the registry hands out:
a message of 20 KB in a recursive schema overflows fastavro's C stack, one of 5 bytes can claim twenty million
items that take no bytes each, and records that name each other twice, thirty levels deep, make a billion.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.errors import SchemaUnsafe

MAX_SIZE = 262_144
MAX_DEPTH = 32
MAX_FREE = 1_000
MAX_FREE_IN_ITEM = 8
MAX_FIXED = 1_048_576


class Cost(NamedTuple):
    """The least bytes that a value of a type takes, and how many values it may make that take none."""

    least: int
    free: int


_PRIMITIVES = {
    "null": Cost(0, 1),
    "boolean": Cost(1, 0),
    "int": Cost(1, 0),
    "long": Cost(1, 0),
    "float": Cost(4, 0),
    "double": Cost(8, 0),
    "bytes": Cost(1, 0),
    "string": Cost(1, 0),
}


def refuse(definition: Any) -> Cost:
    """What a value of this schema costs; `definition` is the schema's JSON, parsed.

    Raises SchemaUnsafe for a schema that is recursive, nests too deep, repeats what takes no bytes, or makes many
    values out of none.
    """
    cost = _Walk().cost(definition, "", (), 0)
    if cost.free > MAX_FREE:
        raise SchemaUnsafe(f"the schema makes {cost.free} values that take no bytes; the limit is {MAX_FREE}")
    return cost


class _Walk:
    """One pass over a schema; `named` are the costs of the types that were named so far."""

    def __init__(self) -> None:
        self.named: dict[str, Cost] = {}

    def cost(self, node: Any, namespace: str, inside: tuple[str, ...], depth: int) -> Cost:
        """The cost of one node; `inside` are the records that contain it."""
        if depth > MAX_DEPTH:
            raise SchemaUnsafe(f"the schema nests deeper than {MAX_DEPTH} levels; flatten it")
        if isinstance(node, str):
            return self._named(node, namespace, inside)
        if isinstance(node, list):
            return self._union([self.cost(branch, namespace, inside, depth + 1) for branch in node])
        if not isinstance(node, Mapping) or "type" not in node:
            raise SchemaUnsafe(f"this is no Avro schema: {str(node)[:80]!r}")
        kind = node["type"]
        if kind == "array":
            return self._repeated(node, "items", namespace, inside, depth)
        if kind == "map":
            return self._repeated(node, "values", namespace, inside, depth)
        if kind in ("record", "error"):
            return self._record(node, namespace, inside, depth)
        if kind in ("fixed", "enum"):
            size = _fixed_size(node) if kind == "fixed" else 1
            return self._remember(_full_name(node, namespace), Cost(size, 0 if size else 1))
        return self.cost(kind, namespace, inside, depth + 1)

    def _named(self, name: str, namespace: str, inside: tuple[str, ...]) -> Cost:
        if name in _PRIMITIVES:
            return _PRIMITIVES[name]
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        if full in inside or name in inside:
            raise SchemaUnsafe(f"the schema is recursive: {full!r} contains itself; send a flat list instead")
        found = self.named.get(full) or self.named.get(name)
        if found is None:
            raise SchemaUnsafe(f"the schema names {full!r}, which it does not define before; define it in place")
        return found

    def _union(self, branches: list[Cost]) -> Cost:
        if not branches:
            raise SchemaUnsafe("the schema has a union without branches")
        return Cost(1 + min(cost.least for cost in branches), max(0, max(cost.free for cost in branches) - 1))

    def _repeated(
        self, node: Mapping[str, Any], part: str, namespace: str, inside: tuple[str, ...], depth: int
    ) -> Cost:
        item = self.cost(node.get(part), namespace, inside, depth + 1)
        what = f"{'an array' if part == 'items' else 'a map'} of {str(node.get(part))[:80]}"
        if item.least == 0:
            raise SchemaUnsafe(
                f"{what} takes no bytes for its {part}, so that a few bytes could claim millions of them"
            )
        if item.free > MAX_FREE_IN_ITEM:
            limit = f"the limit is {MAX_FREE_IN_ITEM}"
            raise SchemaUnsafe(f"{what} makes {item.free} values that take no bytes with each of its {part}; {limit}")
        return Cost(1, 0)

    def _record(self, node: Mapping[str, Any], namespace: str, inside: tuple[str, ...], depth: int) -> Cost:
        full = _full_name(node, namespace)
        fields = node.get("fields")
        if not isinstance(fields, list) or not all(isinstance(field, Mapping) and "type" in field for field in fields):
            raise SchemaUnsafe(f"the record {full!r} has no list of fields with types")
        if full in inside:
            raise SchemaUnsafe(f"the schema is recursive: {full!r} is defined within itself")
        space = full.rpartition(".")[0]
        costs = [self.cost(field["type"], space, (*inside, full), depth + 1) for field in fields]
        return self._remember(full, Cost(sum(cost.least for cost in costs), 1 + sum(cost.free for cost in costs)))

    def _remember(self, full: str, cost: Cost) -> Cost:
        self.named[full] = cost
        return cost


def _full_name(node: Mapping[str, Any], namespace: str) -> str:
    name = str(node.get("name", ""))
    space = str(node.get("namespace") or namespace)
    return name if "." in name or not space else f"{space}.{name}"


def _fixed_size(node: Mapping[str, Any]) -> int:
    size = node.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_FIXED:
        raise SchemaUnsafe(f"a fixed type needs a size of 0 to {MAX_FIXED} bytes, not {size!r}")
    return size
