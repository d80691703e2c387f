"""The core: takes all requests, then all outcomes, in the order of their partitions, and concludes. No I/O.

Its memory does not grow with their number: pages of requests (see `pages`), the ids seen lately, and the last answer
between each two partitions.
"""

from collections import Counter
from zlib import crc32

from schemas.records import MAX_REQUEST_ID
from streams.verification.facts import Asked, Spot, Told
from streams.verification.kept import Kept, Since, horizon
from streams.verification.pages import ANSWERED, BURIED, JSON, REQUEST, SIZE, UNREADABLE, Page, Pages
from streams.verification.repeats import Repeats
from streams.verification.scope import Asks, Scope, Ways
from streams.verification.twins import Memory, Twin
from streams.verification.verdict import ALLOWED, Findings, Kind, Unjudged, Verdict

PASSED_OVER = (Unjudged.UNDER_WAY, Unjudged.OUTCOMES_DELETED, Unjudged.REPLIED_ELSEWHERE, Unjudged.BEHIND)


class Verifier:
    """Holds outcomes against requests: `ask` each request, `keep` each answer partition, `tell` each outcome."""

    def __init__(self, scope: Scope, pages: Pages, repeats: Repeats, memory: Memory | None = None) -> None:
        self._scope, self._pages, self._repeats, self._memory = scope, pages, repeats, memory
        self._numbers = {(one.topic, one.partition): number for number, one in enumerate(scope.asks)}
        self._ways = Ways(scope.topics)
        self._results_topics, self._letter_topics = scope.results, scope.dead_letters
        self._kept: dict[str, dict[int, Kept]] = {}
        self._behind: set[str] = set()
        self._last: dict[tuple[str, int, int], int] = {}
        self._found = Findings()
        self._unjudged: Counter[Unjudged] = Counter()
        self._requests = self._results = self._replies = self._letters = 0

    @property
    def reply_topics(self) -> list[str]:
        """The topics that requests have named for their answers, that are there, and that are no result topics."""
        return [topic for topic in self._ways.names if topic not in self._results_topics | self._letter_topics]

    def ask(self, asked: Asked) -> None:
        """Takes a request."""
        topic, partition, offset = asked.place
        number = self._numbers[topic, partition]
        page, at = self._pages.at(number, offset), offset % SIZE
        self._requests += 1
        page.flags[at] = REQUEST | (JSON if asked.json else 0) | (UNREADABLE if asked.request_id is None else 0)
        page.ways[at] = self._ways.number(asked.reply_to, self._scope.asks[number].results)
        page.payloads[at] = crc32(asked.payload)
        if asked.request_id is not None:
            page.ids[at] = checksum(asked.request_id)
            self._repeats.see(number, offset, asked.request_id, lambda where: self._twin(number, where))

    def keep(self, topic: str, partition: int, *, trimmed: bool, thinned: bool = False) -> None:
        """Says that this partition's outcomes will be told; `trimmed`: the oldest are gone, `thinned`: any may be."""
        self._kept.setdefault(topic, {})[partition] = Kept(trimmed, thinned)

    def tell(self, told: Told) -> None:
        """Takes an outcome. Records of other lanes, and on reply topics all that concern no request here, are none."""
        kept = self._kept[told.place.topic][told.place.partition]
        kept.note(told.timestamp)
        if self._scope.lane is not None and told.lane not in (None, self._scope.lane):
            return
        cause = told.cause
        number = self._numbers.get((cause.topic, cause.partition)) if cause is not None else None
        if cause is None or number is None:
            if told.place.topic in self._results_topics:
                self._found.add(Kind.ORPHAN, f"{told.place} names {cause or 'no request'}")
            return
        kept.first.setdefault(number, cause.offset)
        self._hold(told, cause, number)

    def lose(self, topic: str) -> None:
        """Says that a reply topic could not be read to its end: what should be there can't be judged."""
        self._kept.pop(topic, None)

    def behind(self, topic: str, partition: int, records: int) -> None:
        """Says that so many offsets of an answer partition lie behind a transaction that does not end."""
        self._behind.add(topic)
        self._found.add(Kind.OPEN, f"{topic}[{partition}]: the last {records:,} offsets", records)

    def conclude(self, since: Since, guarantee: str = "exactly-once") -> Verdict:
        """The verdict; `since` is asked only about partitions whose answers were deleted in part."""
        for number, asks in enumerate(self._scope.asks):
            self._conclude(number, asks, since)
        for problem in self._repeats.problems(self._memory, self._scope.whole):
            self._found.add(Kind.REPEAT, problem)
        self._unjudged[Unjudged.REPEATS] = self._repeats.unjudged
        self._unjudged[Unjudged.IDS] = self._repeats.forgotten
        return Verdict(
            requests=self._requests,
            judged=self._requests - sum(self._unjudged[why] for why in PASSED_OVER),
            results=self._results,
            replies=self._replies,
            dead_letters=self._letters,
            repeats=self._repeats.count,
            wrong=dict(self._found.counts),
            examples={kind: tuple(shown) for kind, shown in self._found.examples.items()},
            unjudged=dict(self._unjudged),
            allowed=ALLOWED[guarantee],
        )

    def _twin(self, number: int, offset: int) -> Twin:
        asks = self._scope.asks[number]
        page, at = self._pages.at(number, offset), offset % SIZE
        payload = None if page.flags[at] & JSON else page.payloads[at]
        return Twin(offset, payload, str(Spot(asks.topic, asks.partition, offset)))

    def _hold(self, told: Told, cause: Spot, number: int) -> None:
        asks = self._scope.asks[number]
        if cause.offset >= asks.end:
            # Reply topics are read to an end of their own, which is later than that of the requests.
            if told.place.topic in self._results_topics:
                self._found.add(Kind.ORPHAN, f"{told.place} names {cause}, after the end of that partition")
            return
        page, at = self._pages.at(number, cause.offset), cause.offset % SIZE
        flags = page.flags[at]
        if not flags & REQUEST:
            if cause.offset >= asks.start and asks.topic not in self._scope.compacted:
                self._found.add(Kind.ORPHAN, f"{told.place} names {cause}, where there is no request")
                return
            self._unjudged[Unjudged.REQUESTS_DELETED] += 1
        if flags & (ANSWERED | BURIED):
            again = ", replayed" if told.replayed else ""
            self._found.add(Kind.DUPLICATE, f"{told.place} is one more for {cause}{again}")
        else:
            self._first(told, cause, number, page, flags)
        page.flags[at] = flags | (BURIED if told.buried else ANSWERED)
        self._repeats.note(number, cause.offset, told)

    def _first(self, told: Told, cause: Spot, number: int, page: Page, flags: int) -> None:
        self._count(told)
        between = (told.place.topic, told.place.partition, number)
        last = self._last.get(between, -1)
        if cause.offset < last:
            self._found.add(Kind.DISORDER, f"{told.place} answers {cause} after the answer to offset {last}")
        else:
            self._last[between] = cause.offset
        if flags & REQUEST and told.place.topic not in self._homes(number, page.ways[cause.offset % SIZE]):
            self._found.add(Kind.STRAY, f"{told.place} answers {cause}")
        if not flags & REQUEST or flags & UNREADABLE or told.request_id is None:
            return
        if page.ids[cause.offset % SIZE] != checksum(told.request_id):
            self._found.add(Kind.WRONG_ID, f"{told.place} has request_id {told.request_id!r}, not that of {cause}")

    def _count(self, told: Told) -> None:
        if told.buried:
            self._letters += 1
        elif told.place.topic in self._results_topics:
            self._results += 1
        else:
            self._replies += 1

    def _conclude(self, number: int, asks: Asks, since: Since) -> None:
        horizons: dict[int, int] = {}
        for offset, flags, way in self._pages.open(number, asks.start, asks.end):
            if offset >= asks.settled:
                self._unjudged[Unjudged.UNDER_WAY] += 1
                continue
            route = -1 if flags & UNREADABLE else way
            if route not in horizons:
                horizons[route] = self._horizon(route, number, since)
            if route >= 0 and not self._followed(way, asks):
                self._unjudged[Unjudged.REPLIED_ELSEWHERE] += 1
            elif self._behind.intersection(self._routes(route, asks)):
                self._unjudged[Unjudged.BEHIND] += 1
            elif offset < horizons[route]:
                self._unjudged[Unjudged.OUTCOMES_DELETED] += 1
            else:
                self._found.add(Kind.MISSING, str(Spot(asks.topic, asks.partition, offset)))

    def _homes(self, number: int, way: int) -> tuple[str | None, ...]:
        asks = self._scope.asks[number]
        return asks.results, asks.dead_letters, self._ways.topic(way, asks.results)

    def _followed(self, way: int, asks: Asks) -> bool:
        return self._ways.topic(way, asks.results) in self._kept

    def _routes(self, route: int, asks: Asks) -> list[str]:
        """The topics where an answer is to be looked for; -1 is the route of what can't be read."""
        homes = [asks.results, asks.dead_letters] if route < 0 else [self._ways.topic(route, asks.results)]
        return [topic for topic in homes if topic is not None]

    def _horizon(self, route: int, number: int, since: Since) -> int:
        """From where on an answer that took this route must still be there."""
        asks = self._scope.asks[number]
        horizons = [
            horizon(self._kept.get(topic, {}).values(), number, since, asks.end) for topic in self._routes(route, asks)
        ]
        return max(horizons, default=asks.end)


def checksum(request_id: str) -> int:
    """What is kept of an id: of its beginning only, as the answer to one that is too long has no more."""
    return crc32(request_id[:MAX_REQUEST_ID].encode("utf-8", "surrogatepass"))
