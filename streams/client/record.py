"""A record as Kafka gave it, free of its client library."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from streams.headers import headers_or_none

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes and their place; `timestamp` is in milliseconds since 1970, negative if there is none."""

    topic: str
    partition: int
    offset: int
    timestamp: int = -1
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = field(default_factory=list)

    @property
    def place(self) -> str:
        """`topic:partition:offset`."""
        return f"{self.topic}:{self.partition}:{self.offset}"

    def header(self, name: str) -> bytes | None:
        """The value of a header, the last if it is repeated, or None."""
        return next((value for other, value in reversed(self.headers) if other == name), None)


def from_message(message: Any) -> Record:
    """The record of a message of confluent_kafka that carries no error."""
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        headers_or_none(message),
    )


def header_text(headers: Iterable[tuple[str, bytes | None]], name: str) -> str | None:
    """A header as text, the last if it is repeated, or None if it is missing."""
    found = None
    for other, value in headers:
        if other == name and value is not None:
            found = value.decode("utf-8", "replace")
    return found
