"""Reads the topics for the verifier: a thin shell. Requests first, then every topic that has answers to them."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException

from streams.client.any_decoder import AnyDecoder
from streams.client.connection import open_registry
from streams.client.errors import ClientError, TopicMissing
from streams.client.record import Record
from streams.client.spans import Place, Progress, Span, spans
from streams.settings import Settings
from streams.verification.budget import Budget
from streams.verification.facts import Decode, asked_of, buried_of, told_of
from streams.verification.pages import Pages
from streams.verification.repeats import Repeats
from streams.verification.shelf import FileShelf
from streams.verification.snapshot import Snapshot
from streams.verification.target import Target
from streams.verification.verdict import Verdict
from streams.verification.verifier import Verifier

SWEEP_SECONDS = 15.0
"""How much later than its time-out a broker may end a transaction."""

GONE = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)
"""What a client's own reply topic says when the client is closed while it is read."""

Watch = Callable[[str, int, int], None]
"""Told what is read (`requests`, `outcomes`, `replies`), how many offsets of it are behind, and how many there are."""


class DeletedMeanwhile(ClientError):
    """Retention took records away before they were read."""


class Stalled(Exception):
    """Nothing more can be read for now: what follows is behind an open transaction."""


def verify(
    settings: Settings, target: Target, budget: Budget, watch: Watch | None = None, folder: Path | None = None
) -> Verdict:
    """Reads everything that there is, and judges it; pages that find no room lie in a file in `folder`.

    Blocks for as long as that takes. Raises the client's errors, RegistryUnavailable, DeletedMeanwhile, OSError.
    """
    registry = open_registry(settings)
    try:
        with FileShelf(folder) as shelf:
            snapshot = Snapshot(settings, target)
            pages, repeats = Pages(budget.pages, shelf), Repeats(budget.ids, budget.twins)
            verifier = Verifier(snapshot.scope, pages, repeats, target.memory)
            patience = settings.kafka.transaction_timeout_ms / 1_000 + SWEEP_SECONDS
            gathering = Gathering(snapshot, verifier, AnyDecoder(registry), patience, watch or (lambda *_: None))
            gathering.requests()
            gathering.outcomes()
            return verifier.conclude(snapshot.since, target.guarantee)
    finally:
        registry.close()


class Gathering:
    """One verification's reading; `patience` is how many seconds it waits for an open transaction."""

    def __init__(self, snapshot: Snapshot, verifier: Verifier, decode: Decode, patience: float, watch: Watch) -> None:
        self._snapshot, self._verifier, self._decode = snapshot, verifier, decode
        self._patience, self._watch = patience, watch

    def requests(self) -> None:
        """Tells the verifier of all requests."""
        wanted = [Span(one.topic, one.partition, one.start, one.end) for one in self._snapshot.scope.asks]
        for record in self._read("requests", [span for span in wanted if span.size]):
            self._verifier.ask(asked_of(record, self._decode))

    def outcomes(self) -> None:
        """Tells the verifier of all outcomes: results, dead letters, and what went to reply topics."""
        self._outcomes("outcomes", self._snapshot.ends)
        topics = self._snapshot.there(self._verifier.reply_topics)
        try:
            reader = self._snapshot.reader
            self._outcomes("replies", reader.written(reader.partitions(topics)))
        except (KafkaException, TopicMissing) as error:
            if isinstance(error, KafkaException) and error.args[0].code() not in GONE:
                raise
            for topic in topics:
                self._verifier.lose(topic)

    def _outcomes(self, what: str, ends: Mapping[Place, int]) -> None:
        dead_letters = self._snapshot.scope.dead_letters
        for record in self._read(what, self._answer_spans(ends)):
            told = buried_of(record) if record.topic in dead_letters else told_of(record, self._decode)
            if told is not None:
                self._verifier.tell(told)

    def _answer_spans(self, ends: Mapping[Place, int]) -> list[Span]:
        starts = self._snapshot.reader.earliest(ends)
        thinned = self._snapshot.compacted({topic for topic, _ in ends})
        for place, start in starts.items():
            self._verifier.keep(*place, trimmed=start > 0, thinned=place[0] in thinned)
        return spans(starts, {}, {place: max(end, starts[place]) for place, end in ends.items()})

    def _read(self, what: str, wanted: list[Span]) -> Iterator[Record]:
        stall = Stall(self._patience, lambda progress: self._watch(what, progress.passed, progress.total))
        try:
            yield from self._snapshot.reader.read(wanted, stall.watch)
        except Stalled:
            for place, count in stall.left.items():
                self._verifier.behind(*place, count)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                raise
            raise DeletedMeanwhile(
                f"{what} were deleted before they were read ({error.args[0].str()}); run it again"
            ) from None


class Stall:
    """Watches a reader's progress, and raises Stalled when there was none for too long."""

    def __init__(self, patience: float, tell: Callable[[Progress], None]) -> None:
        self._patience, self._tell = patience, tell
        self._passed, self._moved = -1, time.monotonic()
        self.left: dict[Place, int] = {}

    def watch(self, progress: Progress) -> None:
        """Called after each batch."""
        now = time.monotonic()
        if progress.passed > self._passed:
            self._passed, self._moved = progress.passed, now
        elif now - self._moved > self._patience:
            self.left = progress.left()
            raise Stalled
        self._tell(progress)
