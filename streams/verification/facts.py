"""What the verifier is told of records: requests, and outcomes on whatever topic. No I/O."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.dead_letter import parse
from schemas.envelope import REPLAYED
from schemas.errors import RegistryUnavailable, SluicegateError
from streams.client.record import Record, header_text
from streams.client.show import is_json

Decode = Callable[[bytes], Any]


class Spot(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


class Asked(NamedTuple):
    """A request; `request_id` is None where the record can't be read, `deadline` says that it has one."""

    place: Spot
    request_id: str | None
    payload: bytes
    json: bool = False
    reply_to: str | None = None
    deadline: bool = False


class Told(NamedTuple):
    """An outcome: where it lies, the request that it names as its cause, and what it says.

    `code` is that of its error, None for COMPLETED; `lane` who wrote it; `buried` says that it is a dead letter.
    `timestamp` is in milliseconds since 1970.
    """

    place: Spot
    cause: Spot | None
    timestamp: int
    lane: str | None = None
    buried: bool = False
    request_id: str | None = None
    value: bytes = b""
    replayed: bool = False
    code: str | None = None
    retriable: bool = False


def spot_of(text: str | None) -> Spot | None:
    """The place that a `ce_id` names, or None for any other text."""
    parts = (text or "").rsplit(":", 2)
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()) or len(parts[2]) > 19:
        return None
    return Spot(parts[0], int(parts[1]), int(parts[2]))


def asked_of(record: Record, decode: Decode) -> Asked:
    """The request that a record is. Raises RegistryUnavailable."""
    place = Spot(record.topic, record.partition, record.offset)
    value, headers = record.value, record.headers
    as_json = bool(headers) and is_json(headers)
    found = _read(value, (lambda raw: json.loads(raw)) if as_json else decode)
    request_id = found.get("request_id")
    return Asked(
        place,
        request_id if isinstance(request_id, str) else None,
        value or b"",
        as_json,
        header_text(headers, "reply-to") if headers else None,
        bool(headers) and header_text(headers, "deadline") is not None,
    )


def told_of(record: Record, decode: Decode) -> Told:
    """The outcome that a record of a result topic, or of a reply topic, is. Raises RegistryUnavailable."""
    found = _read(record.value, decode)
    error = found.get("error")
    error = error if isinstance(error, dict) else {}
    request_id, source = found.get("request_id"), header_text(record.headers, "ce_source")
    return Told(
        place=Spot(record.topic, record.partition, record.offset),
        cause=spot_of(header_text(record.headers, "ce_id")),
        timestamp=record.timestamp,
        lane=None if source is None else source.rpartition("/")[2],
        request_id=request_id if isinstance(request_id, str) else None,
        value=record.value or b"",
        replayed=record.header(REPLAYED[0]) == REPLAYED[1],
        code=error.get("code"),
        retriable=bool(error.get("retriable")),
    )


def buried_of(record: Record) -> Told | None:
    """The outcome that a dead letter is; None for what else lies in its topic, such as notes of replays."""
    info = parse(record.headers)
    if info is None:
        return None
    place, cause = Spot(record.topic, record.partition, record.offset), Spot(info.topic, info.partition, info.offset)
    return Told(place, cause, record.timestamp, info.lane or None, buried=True)


def _read(value: bytes | None, decode: Decode) -> Mapping[str, Any]:
    try:
        found = decode(value) if value is not None else None
    except RegistryUnavailable:
        raise
    except (SluicegateError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
