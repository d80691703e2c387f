"""The envelope: what travels in headers, on the way in and on the way out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from schemas.errors import InvalidArgument
from schemas.outcome import Code
from schemas.topics import name_problem

Header = tuple[str, bytes | None]

REPLAYED = ("replayed", b"true")
MAX_CORRELATION = _LIMIT = 16_384

_SPECVERSION = ("ce_specversion", b"1.0")
_AVRO = ("content-type", b"application/avro")
_DEADLINE, _REPLY_TO, _REPLY_KEY, _CONTENT_TYPE, _IGNORED, _CORRELATION, _CAUSE = range(7)
_KNOWN_NAMES = 1_000


class _Meanings(dict[str, int]):
    """What a header's name means; names that were met are remembered, up to a bound."""

    def __missing__(self, name: str) -> int:
        meaning = _CORRELATION if name.startswith("x-") else _IGNORED
        if len(self) < _KNOWN_NAMES:
            self[name] = meaning
        return meaning


_MEANINGS = _Meanings(
    {
        "traceparent": _CORRELATION,
        "tracestate": _CORRELATION,
        "correlation-id": _CORRELATION,
        "ce_id": _CAUSE,
        "deadline": _DEADLINE,
        "reply-to": _REPLY_TO,
        "reply-key": _REPLY_KEY,
        "content-type": _CONTENT_TYPE,
    }
)


@dataclass(slots=True)
class Envelope:
    """What a request's headers ask for.

    `deadline` is in milliseconds since 1970; `reply_to` a topic; `reply_key` the answer's key there; `json` says
    that the value is JSON; `correlation` are the headers that come back on the outcome.
    """

    deadline: int | None = None
    reply_to: str | None = None
    reply_key: bytes | None = None
    json: bool = False
    correlation: list[tuple[str, bytes]] = field(default_factory=list)


NO_HEADERS = Envelope()
"""Shared by all requests without headers: nobody may change it."""


def read_headers(headers: Sequence[Header] | None) -> Envelope:
    """The envelope of a request's headers; unknown headers are ignored, of repeated ones the last counts.

    Raises InvalidArgument for a deadline or a reply topic that can't be one, and for more correlation headers
    than an outcome can carry; its `envelope` has all that could be read.
    """
    if not headers:
        return NO_HEADERS
    asked: list[bytes | None] = [None, None, None, None]
    correlation: list[tuple[str, bytes]] = []
    size = 0
    for name, value in headers:
        meaning = _MEANINGS[name]
        if meaning < _IGNORED:
            asked[meaning] = value
        elif meaning > _IGNORED and value is not None:
            if meaning == _CAUSE:
                name = "ce_causationid"
            correlation.append((name, value))
            size += len(name) + len(value)
    deadline, reply_to, reply_key, content_type = asked
    is_json = content_type is not None and content_type != b"application/avro" and _says_json(content_type)
    due = int(deadline) if deadline is not None and deadline.isdigit() and len(deadline) <= 16 else None
    answer_to = None if reply_to is None else _topic(reply_to)
    envelope = Envelope(due, answer_to, reply_key, is_json, correlation)
    if (due is None and deadline is not None) or (answer_to is None and reply_to is not None) or size > _LIMIT:
        _refuse(envelope, deadline, reply_to, size)
    return envelope


def outcome_headers(
    processor: str,
    topic: str,
    partition: int,
    offset: int,
    ce_time: bytes,
    correlation: Sequence[tuple[str, bytes]],
) -> list[tuple[str, bytes]]:
    """The headers of the outcome of the request at this topic, partition and offset.

    `ce_id` is a function of that place alone, so a reader can prove that an outcome is the only one.
    """
    return headers_at(f"{topic}:{partition}:{offset}".encode(), shared_headers(processor, ce_time), correlation)


def headers_at(
    place: bytes, shared: Sequence[tuple[str, bytes]], correlation: Sequence[tuple[str, bytes]]
) -> list[tuple[str, bytes]]:
    """As `outcome_headers`, with what a micro-batch shares made once; `place` is b"<topic>:<partition>:<offset>"."""
    return [_SPECVERSION, ("ce_id", place), *shared, *correlation]


def shared_headers(processor: str, ce_time: bytes) -> tuple[tuple[str, bytes], ...]:
    """The headers that outcomes of one moment have in common, but for `ce_specversion`."""
    source, kind = _origin(processor)
    return source, kind, ("ce_time", ce_time), _AVRO


def event_time(now: float) -> bytes:
    """Seconds since 1970 as `ce_time` wants it: RFC 3339, UTC, to the millisecond."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


@lru_cache(maxsize=256)
def _origin(processor: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_source", f"/sluicegate/{processor}".encode()), (
        "ce_type",
        f"sluicegate.{processor}.outcome".encode(),
    )


@lru_cache(maxsize=256)
def _says_json(content_type: bytes) -> bool:
    return content_type.split(b";")[0].strip().lower() == b"application/json"


@lru_cache(maxsize=4096)
def _topic(value: bytes) -> str | None:
    """The topic that a header names, or None where Kafka could not have one of that name."""
    name = value.decode("utf-8", "replace")
    return name if name_problem(name) is None else None


def _refuse(envelope: Envelope, deadline: bytes | None, reply_to: bytes | None, size: int) -> None:
    if size > _LIMIT:
        envelope.correlation = []
        message = f"headers that return on the outcome have {size} bytes; the limit is {_LIMIT}"
        raise InvalidArgument("headers", message, envelope=envelope)
    if deadline is not None and envelope.deadline is None:
        message = f"{deadline[:40]!r} is no deadline: send milliseconds since 1970 in decimal, such as 1790000000000"
        raise InvalidArgument("header deadline", message, envelope=envelope)
    problem = name_problem((reply_to or b"").decode("utf-8", "replace")) or ""
    raise InvalidArgument("header reply-to", problem, code=Code.INVALID_REPLY_TO, envelope=envelope)
