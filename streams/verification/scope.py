"""What is verified: which requests, and where their answers may be."""

from collections.abc import Iterable
from dataclasses import dataclass

RESULTS, ELSEWHERE = 0, 255


@dataclass(frozen=True, slots=True)
class Asks:
    """One request partition: the offsets that it has, the first that its lane has not settled, and where it answers."""

    topic: str
    partition: int
    start: int
    settled: int
    end: int
    results: str
    dead_letters: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The requests, and what is known of the topics.

    `lane` names the one whose answers count, None counts all. `compacted` are the request topics that lose records of
    which there is a newer one. `topics` are all of the cluster: a request that names another for its answer has none
    there.
    """

    asks: tuple[Asks, ...]
    lane: str | None = None
    compacted: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()

    @property
    def results(self) -> frozenset[str]:
        """The result topics."""
        return frozenset(one.results for one in self.asks)

    @property
    def dead_letters(self) -> frozenset[str]:
        """The topics of dead letters."""
        return frozenset(one.dead_letters for one in self.asks if one.dead_letters is not None)

    @property
    def whole(self) -> bool:
        """Whether the request topics still have every record that they were sent."""
        return all(one.start == 0 and one.topic not in self.compacted for one in self.asks)


class Ways:
    """Small numbers for the topics that answers go to: 0 is the request's result topic, 255 one that can't be followed.

    `topics` are those that there are.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = frozenset(topics)
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []

    def number(self, reply_to: str | None, results: str) -> int:
        """The way of an answer to this reply topic, or to the results."""
        if reply_to is None or reply_to == results:
            return RESULTS
        known = self._numbers.get(reply_to)
        if known is not None:
            return known
        if reply_to not in self._topics or len(self._names) >= ELSEWHERE - 1:
            return ELSEWHERE
        self._names.append(reply_to)
        return self._numbers.setdefault(reply_to, len(self._names))

    def topic(self, way: int, results: str) -> str | None:
        """The topic at the end of a way; None where that is not known."""
        if way == RESULTS:
            return results
        return None if way == ELSEWHERE else self._names[way - 1]

    @property
    def names(self) -> list[str]:
        """The reply topics."""
        return list(self._names)
