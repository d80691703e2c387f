"""Hypothesis strategies for tests: schemas within the guards, and records that fit them."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from schemas.avro_schema import AvroSchema
from schemas.shape import Node, named_types, resolved

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
_PRIMITIVES = ("boolean", "int", "long", "float", "double", "string", "bytes")


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> AvroSchema:
    """A record schema such as the codec compiles."""
    serial = iter(range(1_000_000))
    return AvroSchema.read(draw(_records(depth, lambda: f"N{next(serial)}")))


def records(schema: AvroSchema) -> st.SearchStrategy[dict[str, Any]]:
    """Records that fit a schema, each field given."""
    values: st.SearchStrategy[dict[str, Any]] = _values(schema.parsed, named_types(schema.parsed))
    return values


def _records(depth: int, name: Callable[[], str]) -> st.SearchStrategy[Any]:
    @st.composite
    def record(draw: st.DrawFn) -> dict[str, Any]:
        title = name()
        fields = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
        return {
            "type": "record",
            "name": title,
            "namespace": "drawn",
            "fields": [{"name": field, "type": draw(_types(depth - 1, name))} for field in fields],
        }

    return record()


def _types(depth: int, name: Callable[[], str]) -> st.SearchStrategy[Any]:
    primitives: st.SearchStrategy[Any] = st.sampled_from(_PRIMITIVES)
    enums = st.builds(
        lambda symbols: {"type": "enum", "name": name(), "symbols": symbols},
        st.lists(st.from_regex(r"[A-Z]{1,6}", fullmatch=True), min_size=1, max_size=4, unique=True),
    )
    fixed = st.builds(lambda size: {"type": "fixed", "name": name(), "size": size}, st.integers(1, 9))
    if depth <= 0:
        return primitives | enums | fixed
    inner = st.deferred(lambda: _types(depth - 1, name))
    plain = primitives | enums | fixed | _records(depth, name)
    return st.one_of(
        plain,
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda values: {"type": "map", "values": values}, inner),
        st.builds(lambda branch: ["null", branch], plain),
        st.builds(lambda branch: [branch, "null"], plain),
    )


def _values(node: Node, named: dict[str, Node]) -> st.SearchStrategy[Any]:
    kind, node = resolved(node, named)
    match kind:
        case "union":
            return st.one_of([_values(branch, named) for branch in node])
        case "record":
            return st.fixed_dictionaries({field["name"]: _values(field["type"], named) for field in node["fields"]})
        case "array":
            return st.lists(_values(node["items"], named), max_size=4)
        case "map":
            return st.dictionaries(TEXTS, _values(node["values"], named), max_size=4)
        case "enum":
            return st.sampled_from(node["symbols"])
        case "fixed":
            return st.binary(min_size=node["size"], max_size=node["size"])
    return _PLAIN[kind]


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "string": TEXTS | st.just("x" * 5_000),
    "bytes": st.binary(max_size=300) | st.just(bytes(5_000)),
}
