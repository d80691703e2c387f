"""A final answer to a request, and the sealed bytes in which it is kept.

Memory, changelog and checkpoint hold one form, `Sealed`. It is made once, when the request is settled;
packing is then a join, and a store of millions of answers gives the garbage collector nothing to look at.

    payload digest 16 | settled at 8 | flags 1 | length of the body 4 | body

The body is the result's value or, when that is larger than INLINE_LIMIT, where it was written:
partition 4 | offset 8 | topic in UTF-8. Integers are little-endian.
"""

from struct import Struct
from typing import NamedTuple, TypeAlias

from streams.repeats.digest import DIGEST_BYTES

INLINE_LIMIT = 32 * 1024

Sealed: TypeAlias = bytes

HEAD = Struct("<16sqBI")
_PLACE = Struct("<iq")
_FAILED, _ELSEWHERE = 1, 2
_MOST_FLAGS = _FAILED | _ELSEWHERE
_FLAGS_AT = DIGEST_BYTES + 8

_pack_head = HEAD.pack
_unpack_head = HEAD.unpack_from
_moment_from = Struct("<q").unpack_from


class Location(NamedTuple):
    """Where a result that is too large to keep was written."""

    topic: str
    partition: int
    offset: int


class Answer(NamedTuple):
    """What a request was answered, for good: COMPLETED, or FAILED in a way that trying again does not mend.

    `payload_digest` is that of the request's value, `settled_at` is in milliseconds since 1970. Exactly one
    of `value` (the framed result record) and `location` is set.
    """

    payload_digest: bytes
    settled_at: int
    value: bytes | None
    location: Location | None
    failed: bool


def seal(payload_digest: bytes, settled_at: int, value: bytes, failed: bool = False) -> Sealed:
    """The bytes of an answer whose value is kept whole. About 0.3 us.

    Raises ValueError for a value over INLINE_LIMIT, or a payload digest that is not 16 bytes.
    """
    length = len(value)
    if length > INLINE_LIMIT or len(payload_digest) != DIGEST_BYTES:
        raise ValueError(_refusal(payload_digest, length))
    return _pack_head(payload_digest, settled_at, _FAILED if failed else 0, length) + value


def seal_elsewhere(payload_digest: bytes, settled_at: int, location: Location, failed: bool = False) -> Sealed:
    """The bytes of an answer whose value is read from the topic that it was written to.

    Raises ValueError for a payload digest that is not 16 bytes.
    """
    if len(payload_digest) != DIGEST_BYTES:
        raise ValueError(_refusal(payload_digest, 0))
    body = _PLACE.pack(location.partition, location.offset) + location.topic.encode()
    flags = _ELSEWHERE | (_FAILED if failed else 0)
    return _pack_head(payload_digest, settled_at, flags, len(body)) + body


def unseal(sealed: Sealed) -> Answer:
    """The answer of sealed bytes, which must be whole: `record.unpack` has checked what was read back."""
    payload_digest, settled_at, flags, _ = _unpack_head(sealed)
    failed = flags & _FAILED != 0
    if not flags & _ELSEWHERE:
        return Answer(payload_digest, settled_at, sealed[HEAD.size :], None, failed)
    partition, offset = _PLACE.unpack_from(sealed, HEAD.size)
    topic = sealed[HEAD.size + _PLACE.size :].decode()
    return Answer(payload_digest, settled_at, None, Location(topic, partition, offset), failed)


def is_sound(sealed: Sealed) -> bool:
    """Whether whole sealed bytes that were read back can be unsealed."""
    flags = sealed[_FLAGS_AT]
    if not flags & _ELSEWHERE:
        return flags <= _MOST_FLAGS
    try:
        topic = sealed[HEAD.size + _PLACE.size :].decode()
    except UnicodeDecodeError:
        return False
    return flags <= _MOST_FLAGS and bool(topic)


def settled_at(sealed: Sealed) -> int:
    """When a sealed answer was settled, in milliseconds since 1970."""
    moment: int = _moment_from(sealed, DIGEST_BYTES)[0]
    return moment


def _refusal(payload_digest: bytes, length: int) -> str:
    if len(payload_digest) != DIGEST_BYTES:
        return f"payload digest of {len(payload_digest)} bytes, not {DIGEST_BYTES}: use digest_payload()"
    return f"answer of {length} bytes is over the {INLINE_LIMIT} that are kept: use seal_elsewhere()"
