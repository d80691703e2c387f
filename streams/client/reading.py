"""Reading topics from one offset to another, or on and on: a thin shell around a consumer that joins no group."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec

from streams.client.connection import ANSWER_SECONDS, admin, consumer, explain, require_topics
from streams.client.record import Record, from_message
from streams.client.spans import Place, Progress, Span, spans
from streams.log_offsets import log_offsets
from streams.settings import Settings

OffsetSpec: Any = UntypedOffsetSpec
POLL_SECONDS = 0.2
FETCH_WAIT_MS = 20
BATCH = 1_000


class TopicReader:
    """Reads committed records of any topics; a context manager. Its methods block, and raise the client's errors."""

    def __init__(self, settings: Settings, what: str = "read") -> None:
        self._settings = settings
        self._what = what
        self._admin = admin(settings)

    def partitions(self, topics: Iterable[str]) -> list[Place]:
        """All partitions of these topics. Raises TopicMissing, ClusterUnreachable."""
        counts = require_topics(self._admin, self._settings, topics)
        return [(topic, partition) for topic, count in counts.items() for partition in range(count)]

    def earliest(self, places: Iterable[Place]) -> dict[Place, int]:
        """The first offset that each partition still has."""
        return self._offsets(places, OffsetSpec.earliest())

    def latest(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset after the last committed record of each partition."""
        return self._offsets(places, OffsetSpec.latest())

    def written(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset after the last record of each partition, committed or not."""
        return self._offsets(places, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED)

    def since(self, places: Iterable[Place], timestamp: int) -> dict[Place, int]:
        """The first offset not older than `timestamp` (milliseconds since 1970); negative if there is none."""
        return self._offsets(places, OffsetSpec.for_timestamp(max(0, timestamp)))

    def spans(self, places: Iterable[Place], since: int | None = None) -> list[Span]:
        """What these partitions hold now, from their beginning or from a time on."""
        wanted = list(places)
        start = {} if since is None else self.since(wanted, since)
        return spans(self.earliest(wanted), start, self.latest(wanted))

    def read(self, wanted: Iterable[Span], watch: Callable[[Progress], None] | None = None) -> Iterator[Record]:
        """The records of these spans, in order within each partition; ends when all are read.

        `watch` is told of the progress after each batch.
        """
        all_spans = list(wanted)
        progress = Progress(all_spans)
        with Assigned(self._settings, self._what, {span.place: span.start for span in all_spans}) as assigned:
            while not progress.done:
                yield from self._batch(assigned, progress)
                if watch is not None:
                    watch(progress)

    def follow(self, starts: Mapping[Place, int]) -> Iterator[Record | None]:
        """The records from these offsets on, without end; None whenever nothing came for a moment."""
        with Assigned(self._settings, self._what, starts) as assigned:
            while True:
                messages = assigned.poll()
                if not messages:
                    yield None
                for message in messages:
                    if message.error() is None:
                        yield from_message(message)

    def _batch(self, assigned: "Assigned", progress: Progress) -> Iterator[Record]:
        for message in assigned.poll():
            place = (message.topic(), message.partition())
            if message.error() is None and progress.inside(place, message.offset()):
                yield from_message(message)
            position = message.offset() + (message.error() is None)
            if progress.reach(place, position):
                assigned.pause(place)

    def _offsets(
        self, places: Iterable[Place], spec: Any, level: IsolationLevel = IsolationLevel.READ_COMMITTED
    ) -> dict[Place, int]:
        question = {TopicPartition(*place): spec for place in places}
        if not question:
            return {}
        try:
            found = log_offsets(self._admin, question, level, ANSWER_SECONDS)
        except KafkaException as error:
            raise explain(error, self._settings, "reading offsets") from None
        return {(place.topic, place.partition): offset for place, offset in found.items()}


class Assigned:
    """A consumer that is assigned to some offsets, closed at the end of the block."""

    def __init__(self, settings: Settings, what: str, starts: Mapping[Place, int]) -> None:
        self._settings = settings
        # The end of a partition shows only when a fetch comes back empty: let that be soon.
        properties = {"enable.partition.eof": True, "fetch.wait.max.ms": FETCH_WAIT_MS}
        self._consumer: Consumer = consumer(settings, what, **properties)
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in starts.items()])

    def __enter__(self) -> "Assigned":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def poll(self) -> list[Any]:
        """Messages and ends of partitions, those of a moment at most. Raises on every other error."""
        first = self._consumer.poll(POLL_SECONDS)
        messages: list[Any] = [] if first is None else [first, *self._consumer.consume(BATCH, 0)]
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise explain(KafkaException(error), self._settings, f"reading {message.topic() or 'a topic'}")
        return messages

    def pause(self, place: Place) -> None:
        """Fetch no more of this partition."""
        self._consumer.pause([TopicPartition(*place)])
