"""The changelog record of a partition's answers: one for each transaction, however many it settles.

    version 1 | number of entries 4 | entries: id digest 16 | sealed answer

A checkpoint's blocks have the same form. Kafka and the checkpoint have checksums of their own; what is
checked here is the form.
"""

from collections.abc import Sequence
from itertools import chain
from struct import Struct, error
from typing import TypeAlias

from schemas.errors import SluicegateError
from streams.repeats.answer import HEAD, Sealed, is_sound
from streams.repeats.digest import DIGEST_BYTES

VERSION = 1

Entry: TypeAlias = tuple[bytes, Sealed]

_OPENING = Struct("<BI")
_LENGTH = Struct("<I")
_ENTRY_HEAD_BYTES = DIGEST_BYTES + HEAD.size


class AnswersUnreadable(SluicegateError):
    """Bytes that are no record of answers; `reason` says what is wrong with them."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"record of answers: {reason}; it is damaged, or of another version of this program")
        self.reason = reason


def pack(entries: Sequence[Entry]) -> bytes:
    """One record of (id digest, sealed answer) pairs, in order of settling. About 0.1 us an entry."""
    return _OPENING.pack(VERSION, len(entries)) + b"".join(chain.from_iterable(entries))


def pack_bounded(entries: Sequence[Entry], limit_bytes: int) -> list[bytes]:
    """As few records as hold the entries in order, none longer than the limit; none for no entries.

    Raises ValueError when one entry alone is over the limit.
    """
    records, start, size = [], 0, _OPENING.size
    for position, (_, sealed) in enumerate(entries):
        length = DIGEST_BYTES + len(sealed)
        if size + length > limit_bytes:
            if length + _OPENING.size > limit_bytes:
                raise ValueError(_refusal(length + _OPENING.size, limit_bytes))
            records.append(pack(entries[start:position]))
            start, size = position, _OPENING.size
        size += length
    if start < len(entries):
        records.append(pack(entries[start:]))
    return records


def unpack(record: bytes) -> list[Entry]:
    """The entries of a record, all of them checked. About 0.6 us an entry.

    Raises AnswersUnreadable for another version, a record cut short, bytes left over, or an answer that is no place
    where it says so.
    """
    try:
        version, count = _OPENING.unpack_from(record)
        if version != VERSION:
            raise AnswersUnreadable(f"version {version}, not {VERSION}")
        entries, end = _split(record, count)
    except error as problem:
        raise AnswersUnreadable(f"cut short after {len(record)} bytes") from problem
    if end != len(record):
        raise AnswersUnreadable(f"{count} entries take {end} bytes, the record has {len(record)}")
    for _, sealed in entries:
        if not is_sound(sealed):
            raise AnswersUnreadable("an answer says that it lies elsewhere, and not where")
    return entries


def _split(record: bytes, count: int) -> tuple[list[Entry], int]:
    """The entries and where they end, which is past the record's end when the last was cut short."""
    entries: list[Entry] = []
    append, length_from = entries.append, _LENGTH.unpack_from
    position = _OPENING.size
    for _ in range(count):
        start, body = position + DIGEST_BYTES, position + _ENTRY_HEAD_BYTES
        end = body + length_from(record, body - _LENGTH.size)[0]
        append((record[position:start], record[start:end]))
        position = end
    return entries, position


def _refusal(size: int, limit: int) -> str:
    return f"an answer takes a record of {size} bytes, over the limit of {limit}: raise max.message.bytes"
