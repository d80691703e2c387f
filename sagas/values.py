"""Plain values as JSON, bytes included: those are {"$bytes": base64}, and other names with a "$" get another one."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

_BYTES = "$bytes"
_PLAIN = (str, int, float, bool)


def kept(value: Any) -> Any:
    """The value with its bytes tagged, sure to become JSON; raises TypeError or ValueError for what can't."""
    made = tagged(value)
    to_json(made)
    return made


def tagged(value: Any) -> Any:
    """The value with its bytes tagged; raises TypeError for what JSON has no form for."""
    if value is None or value.__class__ in _PLAIN:
        return value
    if value.__class__ is bytes:
        return {_BYTES: b64encode(value).decode()}
    if value.__class__ is dict:
        return {_text(key): tagged(item) for key, item in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        return {_BYTES: b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {_text(key): tagged(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tagged(item) for item in value]
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def untagged(value: Any) -> Any:
    """The value as it was before `tagged`; tuples are lists. Raises ValueError for bytes that are no base64."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get(_BYTES), str):
            return b64decode(value[_BYTES], validate=True)
        return {key[1:] if key[:1] == "$" else key: untagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untagged(item) for item in value]
    return value


def dumps(value: Any) -> bytes:
    """JSON of tagged values."""
    return to_json(value)


def loads(text: bytes) -> Any:
    """Tagged values of JSON; raises ValueError."""
    return from_json(text)


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is no text")
    return f"${key}" if key[:1] == "$" else key
