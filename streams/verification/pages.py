"""What is known of each request, in a few bytes: pages of offsets, so many in memory, the others on a shelf.

Ten bytes an offset: flags, the way that its answer takes, and checksums of its id and its payload.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

REQUEST, ANSWERED, BURIED, UNREADABLE, JSON = 1, 2, 4, 8, 16
BITS = 13
SIZE = 1 << BITS
"""Offsets in a page."""
BYTES = 10 * SIZE

_OPEN = bytes(bool(flags & REQUEST) and not flags & (ANSWERED | BURIED) for flags in range(256))


class Shelf(Protocol):
    """Where pages lie that are not in memory."""

    def put(self, key: int, page: bytes) -> None:
        """Keeps a page, in place of the one with this key."""

    def get(self, key: int) -> bytes | None:
        """The page with this key, if it was put."""


class Page:
    """Some thousand neighbouring offsets of a request partition."""

    __slots__ = ("flags", "ids", "payloads", "ways")

    def __init__(self) -> None:
        self.flags, self.ways = bytearray(SIZE), bytearray(SIZE)
        self.ids, self.payloads = array("I", bytes(4 * SIZE)), array("I", bytes(4 * SIZE))

    def pack(self) -> bytes:
        """The page as bytes."""
        return bytes(self.flags) + bytes(self.ways) + self.ids.tobytes() + self.payloads.tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> "Page":
        """The page of these bytes."""
        page = cls()
        page.flags[:], page.ways[:] = packed[:SIZE], packed[SIZE : 2 * SIZE]
        page.ids, page.payloads = array("I"), array("I")
        page.ids.frombytes(packed[2 * SIZE : 6 * SIZE])
        page.payloads.frombytes(packed[6 * SIZE :])
        return page


class Pages:
    """The pages of numbered partitions; `most` of them are in memory, the least recently used go to the shelf."""

    def __init__(self, most: int, shelf: Shelf) -> None:
        self._most, self._shelf = max(1, most), shelf
        self._held: OrderedDict[int, Page] = OrderedDict()
        self._known: set[int] = set()
        self._latest = -1
        self.shelved = 0

    @property
    def held(self) -> int:
        """How many are in memory."""
        return len(self._held)

    def at(self, partition: int, offset: int) -> Page:
        """The page with this offset, which is at `offset % SIZE` of it; valid until the next call."""
        key = partition << 48 | offset >> BITS
        page = self._held.get(key)
        if page is None:
            return self._fetch(key)
        if key != self._latest:
            self._held.move_to_end(key)
            self._latest = key
        return page

    def open(self, partition: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Offset, flags and way of every request from `start` to before `end` that has no outcome."""
        numbers = range(start >> BITS, (end + SIZE - 1) >> BITS)
        for number in (one for one in numbers if partition << 48 | one in self._known):
            first = number << BITS
            page = self.at(partition, first)
            flags, ways = page.flags, page.ways
            marks = flags.translate(_OPEN)
            at = marks.find(1, max(0, start - first), min(SIZE, end - first))
            while at >= 0:
                yield first + at, flags[at], ways[at]
                at = marks.find(1, at + 1, min(SIZE, end - first))

    def _fetch(self, key: int) -> Page:
        packed = self._shelf.get(key) if key in self._known else None
        page = Page() if packed is None else Page.unpack(packed)
        self._known.add(key)
        self._held[key] = page
        self._latest = key
        while len(self._held) > self._most:
            oldest, other = self._held.popitem(last=False)
            self._shelf.put(oldest, other.pack())
            self.shelved += 1
        return page
