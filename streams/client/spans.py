"""Which offsets to read: spans of partitions, made from what the cluster says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets from `start` up to, but not including, `end`, of one partition."""

    topic: str
    partition: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """How many offsets it covers; fewer of them may hold records."""
        return max(0, self.end - self.start)

    @property
    def place(self) -> Place:
        """Its topic and partition."""
        return self.topic, self.partition


def spans(earliest: Mapping[Place, int], start: Mapping[Place, int], end: Mapping[Place, int]) -> list[Span]:
    """The spans from `start` to `end`, cut to what the partitions hold; a negative start means the end.

    A partition of `earliest` without a start begins at its earliest offset. Empty spans are left out.
    """
    found = []
    for place, low in sorted(earliest.items()):
        high = end[place]
        wanted = start.get(place, low)
        first = high if wanted < 0 else max(low, wanted)
        if first < high:
            found.append(Span(*place, first, high))
    return found


def last_of(all_spans: Iterable[Span], count: int) -> list[Span]:
    """The last `count` offsets of each span: where its newest records are."""
    return [replace(span, start=max(span.start, span.end - count)) for span in all_spans]


class Progress:
    """How far a reader of some spans has come; it decides when each is done. No I/O."""

    def __init__(self, all_spans: Iterable[Span]) -> None:
        self._spans = {span.place: span for span in all_spans if span.size}
        self._reached = {place: span.start for place, span in self._spans.items()}
        self._open = set(self._spans)

    @property
    def done(self) -> bool:
        """Whether every span was read to its end."""
        return not self._open

    @property
    def total(self) -> int:
        """Offsets in all spans."""
        return sum(span.size for span in self._spans.values())

    @property
    def passed(self) -> int:
        """Offsets left behind so far."""
        return sum(self._reached[place] - span.start for place, span in self._spans.items())

    def left(self) -> dict[Place, int]:
        """How many offsets of each span that is not done are still ahead."""
        return {place: self._spans[place].end - self._reached[place] for place in self._open}

    def inside(self, place: Place, offset: int) -> bool:
        """Whether a record at this offset belongs to the span that is read."""
        return place in self._open and offset < self._spans[place].end

    def reach(self, place: Place, position: int) -> bool:
        """Note that all offsets before `position` are behind; say whether that just ended the span."""
        if place not in self._open:
            return False
        end = self._spans[place].end
        self._reached[place] = min(max(position, self._reached[place]), end)
        if position < end:
            return False
        self._open.discard(place)
        return True
