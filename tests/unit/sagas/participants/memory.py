"""The store of a partition, in memory."""

from collections import defaultdict
from collections.abc import Iterator


class Memory:
    """Implements `schemas.handler.PartitionState`."""

    def __init__(self) -> None:
        self.data: dict[str, dict[bytes, bytes]] = defaultdict(dict)

    def get(self, store: str, key: bytes) -> bytes | None:
        return self.data[store].get(key)

    def put(self, store: str, key: bytes, value: bytes) -> None:
        self.data[store][key] = value

    def delete(self, store: str, key: bytes) -> None:
        self.data[store].pop(key, None)

    def scan(self, store: str) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted(self.data[store].items()))
