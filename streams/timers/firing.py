"""A due timer on its way through a lane: an entry without a record."""

from streams.entry import Entry
from streams.partition import Partition


class Firing(Entry):
    """The key of a store whose time has come; `timestamp` is when it was due.

    It is admitted behind every record that was read of its partition, and its offset is the last of theirs: so a
    micro-batch that holds nothing else of that partition commits the last settled offset, and is fenced by it as every
    other. It is kept silent; its handler answers None.
    """

    __slots__ = ()

    def __init__(self, owner: Partition, key: bytes, due_ms: int) -> None:
        super().__init__(owner, owner.position - 1, due_ms, key, len(key) + 64)
