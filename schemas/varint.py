"""Avro's variable-length integers: zigzag, seven bits a byte."""

from schemas.errors import Unreadable

TABLE = 4_096
# The bits that say that more follows, of an integer of six bytes: milliseconds since 1970 have six until 2109.
_SIX = sum(0x80 << 7 * place for place in range(5))


def encode_long(value: int) -> bytes:
    """The bytes of an integer of at most 64 bits; raises OverflowError beyond."""
    if not -0x8000_0000_0000_0000 <= value <= 0x7FFF_FFFF_FFFF_FFFF:
        raise OverflowError(f"{value} has more than 64 bits")
    rest = (value << 1) ^ (value >> 63)
    if rest < 0x80:
        return bytes((rest,))
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def encode_int(value: int) -> bytes:
    """The bytes of an integer of at most 32 bits; raises OverflowError beyond."""
    if not -0x8000_0000 <= value <= 0x7FFF_FFFF:
        raise OverflowError(f"{value} has more than 32 bits")
    return encode_long(value)


def rest_of_long(value: bytes, first: int, at: int) -> tuple[int, int]:
    """The integer whose first byte, already read, says that more follow at `at`; and where the next value begins.

    Raises IndexError at the end of the value, Unreadable for an integer of more than 64 bits.
    """
    six = value[at : at + 5]
    if len(six) == 5 and six[4] < 0x80:
        a, b, c, d, e = six
        if a > 0x7F and b > 0x7F and c > 0x7F and d > 0x7F:
            bits = first + (a << 7) + (b << 14) + (c << 21) + (d << 28) + (e << 35) - _SIX
            return (bits >> 1) ^ -(bits & 1), at + 5
    bits = first & 0x7F
    shift = 7
    while True:
        byte = value[at]
        at += 1
        bits |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise Unreadable("an integer goes on for more than ten bytes")
    if bits > 0xFFFF_FFFF_FFFF_FFFF:
        raise Unreadable("an integer has more than 64 bits")
    return (bits >> 1) ^ -(bits & 1), at


LONGS = tuple(encode_long(value) for value in range(TABLE))
"""The bytes of the small integers, most of all lengths among them."""
