"""How stores stand in their changelog: the record's key is `store | 0x00 | key`, its value the value, or
nothing.

A block of a checkpoint is a run of entries: length of the record key 4 | length of the value 4 | key | value.
Integers are little-endian.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from struct import Struct, error
from typing import NamedTuple

from schemas.errors import SluicegateError

_LENGTHS = Struct("<II")
_BLOCK_ENTRIES = 512


class StateUnreadable(SluicegateError):
    """Bytes that are no entry of a store; `reason` says what is wrong with them."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"state changelog: {reason}; is another program writing to this topic?")
        self.reason = reason


class Change(NamedTuple):
    """What a micro-batch made of a key in the end; None removes it."""

    store: str
    key: bytes
    value: bytes | None


def encode_key(store: str, key: bytes) -> bytes:
    """The changelog record's key."""
    return b"%b\0%b" % (store.encode(), key)


def decode_key(record_key: bytes | None) -> tuple[str, bytes]:
    """The store and the key of a changelog record's key.

    Raises StateUnreadable when it is missing or names no store.
    """
    store, separator, key = (record_key or b"").partition(b"\0")
    if not separator or not store:
        raise StateUnreadable(f"record key {record_key!r} names no store")
    try:
        return store.decode(), key
    except UnicodeDecodeError as problem:
        raise StateUnreadable(f"record key {record_key!r} names no store") from problem


def check_store(store: str) -> None:
    """Raises ValueError for a name that the changelog can't hold."""
    if not store or "\0" in store:
        raise ValueError(f"store name {store!r} is empty or has a zero character: choose a plain word")


def pack_entries(entries: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Blocks of (record key, value) pairs for a checkpoint."""
    remaining = iter(entries)
    while block := list(islice(remaining, _BLOCK_ENTRIES)):
        yield _pack(block)


def unpack_entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The (record key, value) pairs of a block. Raises StateUnreadable where it was cut short."""
    position, end = 0, len(block)
    while position < end:
        try:
            key_length, value_length = _LENGTHS.unpack_from(block, position)
        except error as problem:
            raise StateUnreadable(f"block cut short after {end} bytes") from problem
        start = position + _LENGTHS.size
        middle, position = start + key_length, start + key_length + value_length
        if position > end:
            raise StateUnreadable(f"block cut short after {end} bytes")
        yield block[start:middle], block[middle:position]


def _pack(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"".join(chain.from_iterable((_LENGTHS.pack(len(k), len(v)), k, v) for k, v in entries))
