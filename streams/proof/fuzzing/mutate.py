"""Spoils bytes: one to a few small changes of a seed, as damage and malice make them. Pure."""

from collections.abc import Callable, Sequence
from random import Random

INTERESTING = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x01", b"\xff\xff\xff\xff", b"\xff" * 9 + b"\x01", b"\x80" * 11)
MOST = 4_096
"""No change makes a value longer than this much more than its seed."""


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """A spoilt seed, or now and then bytes of chance alone."""
    if not seeds or random.random() < 0.05:
        return random.randbytes(random.randrange(64))
    value = random.choice(seeds)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        value = random.choice(CHANGES)(random, value, seeds)
    return value


def flip(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """Another bit."""
    if not value:
        return value
    at = random.randrange(len(value))
    return value[:at] + bytes([value[at] ^ 1 << random.randrange(8)]) + value[at + 1 :]


def put(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """A byte or a few that lengths and counts break at, in place of as many."""
    at, new = random.randrange(len(value) + 1), random.choice(INTERESTING)
    return value[:at] + new + value[at + len(new) :]


def insert(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """The same in between."""
    at = random.randrange(len(value) + 1)
    return value[:at] + random.choice(INTERESTING) + value[at:]


def cut(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """Without what follows."""
    return value[: random.randrange(len(value) + 1)]


def drop(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """Without a part."""
    at = random.randrange(len(value) + 1)
    return value[:at] + value[at + random.randrange(1, 9) :]


def repeat(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """A part many times: nesting, most of all."""
    at = random.randrange(len(value) + 1)
    part = value[at : at + random.randrange(1, 9)]
    return value[:at] + part * random.randrange(2, 2 + MOST // (len(part) or 1)) + value[at:]


def splice(random: Random, value: bytes, seeds: Sequence[bytes]) -> bytes:
    """Its beginning and another seed's end."""
    other = random.choice(seeds)
    return value[: random.randrange(len(value) + 1)] + other[random.randrange(len(other) + 1) :]


CHANGES: tuple[Callable[[Random, bytes, Sequence[bytes]], bytes], ...] = (
    flip, flip, put, insert, cut, drop, repeat, splice,
)  # fmt: skip
