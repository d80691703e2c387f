"""Every setting as tables, as docs/configuration.md has them: `python -m streams.settings_page` prints them."""

import sys
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from streams.settings import Section, Settings

HEAD = "| setting | values | default | meaning |\n|---|---|---|---|\n"


def page() -> str:
    """All tables: one for what stands at the top, one for each section and for the sections in it."""
    return "\n".join(f"### {title}\n\n{HEAD}{''.join(rows)}" for title, rows in tables())


def tables() -> Iterator[tuple[str, list[str]]]:
    """Each table's title and its rows."""
    yield "At the top", [row("", name, one) for name, one in Settings.model_fields.items() if section(one) is None]
    for name, one in Settings.model_fields.items():
        kind = section(one)
        if kind is not None:
            path = f"{name}.<lane>" if name == "lanes" else name
            yield f"`{path}`", list(rows(path, kind))


def rows(path: str, kind: type[BaseModel]) -> Iterator[str]:
    """A row for each setting of a section, those of the sections in it after them."""
    inner = []
    for name, one in kind.model_fields.items():
        deeper = section(one)
        if deeper is None:
            yield row(path, name, one)
        else:
            inner.append((f"{path}.{name}" + ("[]" if is_list(one) else ""), deeper))
    for deeper_path, deeper in inner:
        yield from rows(deeper_path, deeper)


def row(path: str, name: str, one: FieldInfo) -> str:
    """One setting."""
    full = f"{path}.{name}" if path else name
    return f"| `{full}` | {values(one)} | {default(one)} | {one.description} |\n"


def section(one: FieldInfo) -> type[Section] | None:
    """The section that a setting is, or is made of; None for a plain value."""
    for kind in (one.annotation, *get_args(one.annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def is_list(one: FieldInfo) -> bool:
    """Whether there may be several of it."""
    return get_origin(one.annotation) is tuple


def values(one: FieldInfo) -> str:
    """What may be set: a type, its limits, or the words to choose from."""
    limits = [f"{name} {getattr(rule, key)}" for rule in one.metadata for key, name in LIMITS if hasattr(rule, key)]
    return ", ".join([spoken(one.annotation), *limits])


LIMITS = (("ge", "at least"), ("gt", "above"), ("le", "at most"))
NAMES = {int: "integer", float: "number", str: "text", bool: "true or false"}


def spoken(kind: Any) -> str:
    """A type in words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin in (types.UnionType, typing.Union):
        return spoken(next(one for one in inner if one is not types.NoneType))
    if origin is dict:
        return "names and texts"
    if origin is tuple:
        return "list of texts"
    return NAMES.get(kind, "path")


def default(one: FieldInfo) -> str:
    """The default, or a dash where there is none to write down."""
    value = one.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None or value in ({}, ()):
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.stdout.write(page())
