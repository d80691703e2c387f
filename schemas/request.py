"""A request: one decoded record with where it came from and what its headers ask for."""

from dataclasses import dataclass
from typing import Any

from schemas.envelope import Envelope


@dataclass(slots=True)
class Request:
    """`timestamp` is Kafka's, in milliseconds since 1970; `record` has the fields of the request schema."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    record: dict[str, Any]
    envelope: Envelope
