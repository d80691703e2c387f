"""What a client sends: the headers of a request, its id, its plain record."""

import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from streams.client.calls import CALL_HEADER
from streams.client.reply_topic import ReplyTopic

SentHeaders = list[tuple[str, str | bytes | None]]
"""Headers as the producer takes them."""

OURS = frozenset({"reply-to", "reply-key", "deadline", "content-type", CALL_HEADER})

UserHeaders = Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]


def user_headers(headers: UserHeaders | None) -> SentHeaders:
    """A caller's headers as bytes. Raises ValueError for a name that the client itself sets."""
    if headers is None:
        return []
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    result: SentHeaders = []
    for name, value in pairs:
        if name in OURS:
            raise ValueError(f"the header {name!r} is the client's own; the client has an argument for it")
        result.append((name, value.encode() if isinstance(value, str) else value))
    return result


def reply_headers(topic: ReplyTopic) -> SentHeaders:
    """The headers that bring an answer to this topic, and to its partition if that matters."""
    headers: SentHeaders = [("reply-to", topic.name.encode())]
    if topic.key is not None:
        headers.append(("reply-key", topic.key))
    return headers


def deadline_header(span_ms: float, now: float | None = None) -> tuple[str, bytes]:
    """The deadline `span_ms` milliseconds from now (seconds since 1970), as the moment that travels."""
    moment = time.time() if now is None else now
    return "deadline", str(int(moment * 1_000 + span_ms)).encode()


def identified(record: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    """A copy of the record as a plain dict, with an id of its own if it has none."""
    plain = record.model_dump() if isinstance(record, BaseModel) else dict(record)
    if not plain.get("request_id"):
        plain["request_id"] = str(uuid4())
    return plain


def key_bytes(key: str | bytes | None, request_id: str) -> bytes:
    """A request's key: the caller's, or else its id."""
    if key is None:
        return request_id.encode()
    return key.encode() if isinstance(key, str) else key
