"""A record to be produced: topic, value, key, partition (-1 lets the partitioner choose), headers."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Delivered: TypeAlias = Callable[[Any, Any], None]
Headers: TypeAlias = list[tuple[str, bytes | None]] | list[tuple[str, bytes]]


class Output(NamedTuple):
    """One record of a transaction, in the order of the producer's arguments."""

    topic: str
    value: bytes | None
    key: bytes | None
    partition: int
    headers: Headers
    on_delivery: Delivered | None = None

    @property
    def size(self) -> int:
        """Bytes that the record takes in a batch, with its framing (an upper bound)."""
        headers = sum(len(name) + len(value or b"") + 10 for name, value in self.headers)
        return len(self.value or b"") + len(self.key or b"") + headers + 100

    def telling(self, listener: Delivered) -> "Output":
        """This output, whose fate `listener` is told of as well: librdkafka calls one callback for a record."""
        first = self.on_delivery
        if first is None:
            return self._replace(on_delivery=listener)

        def told(error: Any, message: Any) -> None:
            first(error, message)
            listener(error, message)

        return self._replace(on_delivery=told)
