"""Fits a value to a schema, and names the field where it does not: for JSON requests, and for clear errors.

Slower than the compiled codec and far more talkative: it runs for JSON, and where the codec has failed.
"""

import binascii
import math
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from schemas.shape import Node, default_value, named_types, resolved
from schemas.shown import shown

_RANGES = {"int": 31, "long": 63}
_ARTICLES = {"int": "an"}


class Misfit(Exception):
    """A value that does not fit; `path` is the field, such as `image.shape[2]`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class Fit:
    """Fits values to one schema; with `json`, `bytes` are base64 text and numbers may be whole."""

    def __init__(self, parsed: Node, *, json: bool) -> None:
        self._parsed = parsed
        self._named = named_types(parsed)
        self._json = json

    def fit(self, value: Any) -> Any:
        """The value as the codec has it, defaults filled in; raises Misfit."""
        return self._fit(self._parsed, value, "")

    def _fit(self, node: Node, value: Any, path: str) -> Any:
        kind, node = resolved(node, self._named)
        match kind:
            case "union":
                return self._union(node, value, path)
            case "record" | "error":
                return self._record(node, value, path)
            case "array":
                if not isinstance(value, list | tuple):
                    raise _wrong(path, "a list", value)
                return [self._fit(node["items"], item, f"{path}[{index}]") for index, item in enumerate(value)]
            case "map":
                return self._map(node, value, path)
            case "bytes" | "fixed":
                return self._bytes(node, value, path)
            case "enum":
                if not isinstance(value, str) or value not in node["symbols"]:
                    raise _wrong(path, f"one of {', '.join(node['symbols'])}", value)
                return value
            case _:
                return _primitive(kind, value, path)

    def _record(self, node: Node, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(path, f"a {node['name']}", value)
        fields = {field["name"]: field for field in node["fields"]}
        for name in value:
            if name not in fields:
                known = ", ".join(fields)
                raise Misfit(_inner(path, str(name)[:80]), f"there is no such field; {node['name']} has {known}")
        return {name: self._field(field, value, _inner(path, name)) for name, field in fields.items()}

    def _field(self, field: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Any:
        name = field["name"]
        if name in value:
            return self._fit(field["type"], value[name], path)
        if "default" not in field:
            raise Misfit(path, "is missing, and has no default")
        return default_value(field["type"], field["default"], self._named)

    def _union(self, branches: list[Node], value: Any, path: str) -> Any:
        if value is None and "null" in branches:
            return None
        others = [branch for branch in branches if branch != "null"]
        misfits = []
        for branch in others:
            try:
                return self._fit(branch, value, path)
            except Misfit as misfit:
                misfits.append(misfit)
        if len(misfits) == 1:
            raise misfits[0]
        raise _wrong(path, " or ".join(_title(branch, self._named) for branch in branches), value)

    def _map(self, node: Node, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(path, "a map", value)
        return {
            _primitive("string", key, f"{path} (a key)"): self._fit(node["values"], item, f"{path}[{str(key)[:40]!r}]")
            for key, item in value.items()
        }

    def _bytes(self, node: Node, value: Any, path: str) -> bytes:
        data = _decoded(value, path) if self._json else value
        if not isinstance(data, bytes | bytearray | memoryview):
            raise _wrong(path, "bytes", value)
        data = bytes(data)
        if "size" in node and len(data) != node["size"]:
            raise Misfit(path, f"has {len(data)} bytes; it must have {node['size']}")
        return data


def _primitive(kind: str, value: Any, path: str) -> Any:
    match kind:
        case "null" if value is None:
            return None
        case "boolean" if isinstance(value, bool) or type(value).__name__ == "bool":
            return bool(value)
        case "int" | "long" if hasattr(value, "__index__") and not isinstance(value, bool):
            return _whole(value.__index__(), _RANGES[kind], path)
        case "float" | "double" if hasattr(value, "__float__") and not isinstance(value, bool | str):
            return _real(value, kind, path)
        case "string" if isinstance(value, str):
            return _text(value, path)
    raise _wrong(
        path,
        {"boolean": "true or false", "null": "null"}.get(kind, f"{_ARTICLES.get(kind, 'a')} {kind}"),
        value,
    )


def _whole(value: int, bits: int, path: str) -> int:
    if not -(1 << bits) <= value < 1 << bits:
        raise Misfit(path, f"a whole number of at most {bits + 1} bits is expected, and this one is larger")
    return value


def _real(value: Any, kind: str, path: str) -> float:
    try:
        number = float(value)
    except OverflowError as error:
        raise Misfit(path, f"the number is too large for a {kind}") from error
    if kind == "float" and math.isfinite(number) and abs(number) > 3.4028235677973366e38:
        raise Misfit(path, f"{number} is too large for a float of 32 bits")
    return number


def _text(value: str, path: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Misfit(path, "has half of a surrogate pair, which no UTF-8 text may have") from error
    return value


def _decoded(value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise _wrong(path, "text in base64, as bytes travel in JSON", value)
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misfit(path, f"is not base64, as bytes travel in JSON: {error}") from error


def _wrong(path: str, expected: str, value: Any) -> Misfit:
    return Misfit(path or "the record", f"expected {expected}, found {type(value).__name__} {shown(value)}")


def _inner(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _title(branch: Node, named: Mapping[str, Node]) -> str:
    kind, node = resolved(branch, named)
    return str(node.get("name", kind)) if isinstance(node, Mapping) else kind
