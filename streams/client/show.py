"""Records as JSON for people and programs: what `tail` prints."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from schemas.errors import RegistryUnavailable, SluicegateError, Unreadable
from streams.client.durations import iso
from streams.client.record import Headers, Record, header_text
from streams.client.shaping import plain

KeyFormat = Literal["auto", "text", "base64", "hex"]
Decode = Callable[[bytes], Any]

REASON = "__connect.errors.exception.message"
BASE64 = "base64:"


@dataclass(frozen=True, slots=True)
class Display:
    """What a line shows: the value alone, or the whole record with its place, key and headers."""

    headers: bool = False
    key_format: KeyFormat = "auto"


def line(record: Record, decode: Decode, display: Display) -> str:
    """One JSON line for a record. Raises RegistryUnavailable when the value can't be judged now."""
    value = value_of(record, decode)
    if not display.headers:
        return dumps(value)
    return dumps(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "time": iso(record.timestamp),
            "key": key_text(record.key, display.key_format),
            "headers": headers_of(record.headers),
            "value": value,
        }
    )


def value_of(record: Record, decode: Decode) -> Any:
    """The value as JSON can say it: the Avro record, the JSON object, or base64 with a note of why."""
    if record.value is None:
        return None
    reason = header_text(record.headers, REASON)
    if reason is not None:
        return opaque(f"dead letter: {reason}", record.value)
    if is_json(record.headers):
        try:
            return json.loads(record.value)
        except (ValueError, RecursionError) as error:
            return opaque(f"not JSON, though its content-type says so: {error}", record.value)
    try:
        return plain(decode(record.value))
    except RegistryUnavailable:
        raise
    except (Unreadable, SluicegateError) as error:
        return opaque(f"not Avro: {error}", record.value)


def opaque(note: str, value: bytes) -> dict[str, str]:
    """Bytes that no schema explains."""
    return {"note": note, "base64": base64.b64encode(value).decode("ascii")}


def is_json(headers: Headers) -> bool:
    """Whether the content type is JSON."""
    content_type = (header_text(headers, "content-type") or "").partition(";")[0].strip().lower()
    return content_type == "application/json" or content_type.endswith("+json")


def key_text(key: bytes | None, key_format: KeyFormat = "auto") -> str | None:
    """A key as text; bytes that are no UTF-8 appear as `base64:...` unless the format says otherwise."""
    if key is None:
        return None
    if key_format == "hex":
        return key.hex()
    if key_format == "base64":
        return base64.b64encode(key).decode("ascii")
    if key_format == "text":
        return key.decode("utf-8", "replace")
    return text_or_base64(key)


def headers_of(headers: Headers) -> dict[str, Any]:
    """Headers by name; a repeated one has a list of its values, in their order."""
    result: dict[str, Any] = {}
    for name, value in headers:
        shown = None if value is None else text_or_base64(value)
        if name not in result:
            result[name] = shown
        elif isinstance(result[name], list):
            result[name].append(shown)
        else:
            result[name] = [result[name], shown]
    return result


def text_or_base64(value: bytes) -> str:
    """UTF-8 as text, anything else as `base64:...`."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return BASE64 + base64.b64encode(value).decode("ascii")


def dumps(value: Any) -> str:
    """Compact JSON, other alphabets as they are; a number that JSON lacks (NaN) is null."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=(", ", ": "))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value
