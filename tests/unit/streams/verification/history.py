"""Correct histories for the verifier, of any shape: the model that its tests spoil."""

from dataclasses import dataclass, field
from random import Random

from streams.verification.facts import Asked, Spot, Told
from streams.verification.pages import Pages
from streams.verification.repeats import Repeats
from streams.verification.scope import Asks, Scope
from streams.verification.twins import Memory
from streams.verification.verdict import Verdict
from streams.verification.verifier import Verifier

MEMORY = Memory(1_000, 1_000 * 34_000, 3_600_000)


@dataclass
class DictShelf:
    """A shelf in memory."""

    pages: dict[int, bytes] = field(default_factory=dict)

    def put(self, key: int, page: bytes) -> None:
        self.pages[key] = page

    def get(self, key: int) -> bytes | None:
        return self.pages.get(key)


@dataclass
class History:
    """What lies in the topics; the tests change it as they like."""

    asked: list[Asked]
    told: list[Told]
    asks: list[Asks]
    trimmed: set[tuple[str, int]] = field(default_factory=set)
    compacted: set[str] = field(default_factory=set)
    topics: set[str] = field(default_factory=lambda: {"asked", "told", "letters", "mine"})
    times: dict[int, int] = field(default_factory=dict)
    lane: str | None = "echo"
    lost: set[str] = field(default_factory=set)
    behind: list[tuple[str, int, int]] = field(default_factory=list)

    def verdict(
        self, most_pages: int = 100, guarantee: str = "exactly-once", ids: int = 10_000, twins: int = 10_000
    ) -> Verdict:
        """What the verifier says."""
        scope = Scope(tuple(self.asks), self.lane, frozenset(self.compacted), frozenset(self.topics))
        verifier = Verifier(scope, Pages(most_pages, DictShelf()), Repeats(ids, twins), MEMORY)
        for asked in self.asked:
            verifier.ask(asked)
        for topic in (*scope.results, *scope.dead_letters, *verifier.reply_topics):
            for partition in range(3):
                trimmed, thinned = (topic, partition) in self.trimmed, topic in self.compacted
                verifier.keep(topic, partition, trimmed=trimmed, thinned=thinned)
        for told in self.told:
            verifier.tell(told)
        for one in self.behind:
            verifier.behind(*one)
        for topic in self.lost:
            verifier.lose(topic)
        return verifier.conclude(lambda number, when: self.times.get(when, self.asks[number].end), guarantee)


def history(random: Random, count: int, spread: int = 1) -> History:
    """A correct one of so many requests: markers between them, dead letters, replies on another topic, repeats."""
    offsets, asked, told = [0, 0], [], []
    ends = {("told", 0): 0, ("told", 1): 0, ("letters", 0): 0, ("mine", 0): 0}
    known: dict[tuple[int, str], Told] = {}
    for number in range(count):
        partition = random.randrange(2)
        offsets[partition] += random.randrange(1, 1 + spread)
        place = Spot("asked", partition, offsets[partition])
        offsets[partition] += 1
        request_id = f"id-{random.randrange(number + 1) if random.random() < 0.1 else number}"
        buried, reply_to = random.random() < 0.1, "mine" if random.random() < 0.2 else None
        one = Asked(place, None if buried else request_id, request_id.encode(), reply_to=reply_to)
        where = ("letters", 0) if buried else ("mine", 0) if reply_to else ("told", random.randrange(2))
        spot = Spot(*where, ends[where])
        ends[where] += 1
        earlier = known.get((partition, request_id))
        value = earlier.value if earlier else f"{request_id} {number}".encode()
        answer = Told(spot, place, 1_000 + number, "echo", buried, one.request_id, value, earlier is not None)
        if not buried:
            known.setdefault((partition, request_id), answer)
        asked.append(one)
        told.append(answer)
    asks = [Asks("asked", partition, 0, end, end, "told", "letters") for partition, end in enumerate(offsets)]
    return History(asked, told, asks)
