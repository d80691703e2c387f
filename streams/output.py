"""A record to be produced: topic, value, key, partition (-1 lets the partitioner choose), headers."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Headers: TypeAlias = list[tuple[str, bytes | None]] | list[tuple[str, bytes]]


class Output(NamedTuple):
    """One record of a transaction, in the order of the producer's arguments."""

    topic: str
    value: bytes | None
    key: bytes | None
    partition: int
    headers: Headers
    on_delivery: Callable[[Any, Any], None] | None = None

    @property
    def size(self) -> int:
        """Bytes that the record takes in a batch, with its framing (an upper bound)."""
        headers = sum(len(name) + len(value or b"") + 10 for name, value in self.headers)
        return len(self.value or b"") + len(self.key or b"") + headers + 100
