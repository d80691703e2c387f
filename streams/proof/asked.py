"""What a proof asks for: requests over known keys, each with its number within its key."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the `number`th of its key."""

    key: str
    number: int

    @property
    def request_id(self) -> str:
        """Its id, from which `parse` gets it back."""
        return f"{self.key}.{self.number}"

    @property
    def payload(self) -> bytes:
        """What it carries, and what its answer must carry: a function of the id."""
        return b"<%s>" % self.request_id.encode() * 8


def parse(request_id: str) -> Asked:
    """The request of an id. Raises ValueError for an id that is none of ours."""
    key, dot, number = request_id.rpartition(".")
    if not dot:
        raise ValueError(f"request_id {request_id!r} is none of this proof's")
    return Asked(key, int(number))


def requests(count: int, keys: int, random: Random, name: str = "key") -> Iterator[Asked]:
    """So many requests over so many keys `<name>-<n>`, in a random order that keeps each key's own."""
    numbers = [0] * keys
    for _ in range(count):
        key = random.randrange(keys)
        yield Asked(f"{name}-{key}", numbers[key])
        numbers[key] += 1
