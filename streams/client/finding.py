"""Searching the cluster for one request: a thin shell around what `search` decides."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from streams.binding import Binding, bind
from streams.client.any_decoder import AnyDecoder
from streams.client.connection import (
    ANSWER_SECONDS,
    admin,
    consumer,
    explain,
    open_registry,
    partition_counts,
)
from streams.client.errors import TopicMissing, UnknownProcessor
from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.search import Answer, Needle, Trace, answer_of, answers_to, letter_of, likely_first
from streams.client.show import value_of
from streams.client.spans import Place, Progress
from streams.lanes import catalogue
from streams.settings import Settings

CLOCKS_MS = 60_000
"""How far the clock of whoever sent a request may be ahead of the worker's that answered it."""


@dataclass(slots=True)
class Found:
    """All that is known of a request id; `strays` answer requests that are gone, or out of the search's bounds."""

    request_id: str
    traces: list[Trace] = field(default_factory=list)
    strays: list[Answer] = field(default_factory=list)
    stray_letters: list[Record] = field(default_factory=list)
    searched: int = 0

    @property
    def anything(self) -> bool:
        """Whether there is any sign of it."""
        return bool(self.traces or self.strays or self.stray_letters)


class Finder:
    """Looks for one request id in records since a time (milliseconds since 1970). Its methods block."""

    def __init__(
        self,
        settings: Settings,
        request_id: str,
        since: int,
        watch: Callable[[Progress], None] | None = None,
    ) -> None:
        self._settings = settings
        self._since = since
        self._watch = watch
        self._reader = TopicReader(settings, "find")
        self._decode = AnyDecoder(open_registry(settings))
        self._needle = Needle(request_id)
        self._found = Found(request_id)

    def find(self, processor: str | None, key: bytes, everywhere: bool) -> Found:
        """Search the requests, then the answers, then the dead letters; the likeliest partitions first.

        `everywhere` goes on to the other partitions when the likeliest had it. Raises UnknownProcessor,
        TopicMissing when no topic of the processors exists, ClusterUnreachable, RegistryUnavailable.
        """
        self._counts = partition_counts(admin(self._settings), self._settings)
        bindings = self._bindings(processor)
        self._requests(bindings, key, everywhere)
        self._answers(bindings, key, everywhere)
        self._dead_letters()
        return self._found

    def _bindings(self, processor: str | None) -> list[Binding]:
        names = sorted({*catalogue(), *self._settings.lanes})
        if processor is not None and processor not in names:
            raise UnknownProcessor(f"there is no processor {processor!r}; there are: {', '.join(names)}")
        bindings = [bind(self._settings, name) for name in names if processor in (None, name)]
        if not any(topic in self._counts for one in bindings for topic in one.requests):
            raise TopicMissing(bindings[0].requests[0])
        return bindings

    def _requests(self, bindings: Iterable[Binding], key: bytes, everywhere: bool) -> None:
        lanes = {topic: one for one in bindings for topic in one.requests}
        for stage in likely_first(self._places(lanes), key):
            for record in self._scan(stage, self._since):
                if self._needle.confirmed(record, self._value):
                    self._found.traces.append(self._trace(record, lanes[record.topic]))
            if self._found.traces and not everywhere:
                return

    def _trace(self, record: Record, lane: Binding) -> Trace:
        trace = Trace(record, lane.name, lane.group, self._committed(record, lane))
        trace.reply_topic_gone = trace.reply_to is not None and trace.reply_to not in self._counts
        return trace

    def _answers(self, bindings: Iterable[Binding], key: bytes, everywhere: bool) -> None:
        traces = self._found.traces
        wanted = [one for one in bindings if not traces or one.name in {trace.processor for trace in traces}]
        topics = {one.results for one in wanted} | {trace.reply_to for trace in traces if trace.reply_to}
        for stage in likely_first(self._places(topics), key):
            for record in self._scan(stage, self._start()):
                self._answer(record)
            if traces and all(trace.answers for trace in traces) and not everywhere:
                return

    def _answer(self, record: Record) -> None:
        request = answers_to([trace.record for trace in self._found.traces], record)
        if request is None and not self._needle.confirmed(record, self._value):
            return
        answer = answer_of(record, self._value(record))
        owner = next((one for one in self._found.traces if one.record is request), None)
        (self._found.strays if owner is None else owner.answers).append(answer)

    def _dead_letters(self) -> None:
        traces = self._found.traces
        if traces and all(trace.answers for trace in traces):
            return
        for record in self._scan(self._places([self._settings.letters]), self._start()):
            request = letter_of([trace.record for trace in traces], record)
            if request is None and not self._needle.maybe(record):
                continue
            owner = next((one for one in traces if one.record is request), None)
            (self._found.stray_letters if owner is None else owner.dead_letters).append(record)

    def _start(self) -> int:
        """When the first sign of an answer can be: at the oldest request found."""
        stamps = [trace.record.timestamp for trace in self._found.traces if trace.record.timestamp >= 0]
        return max(self._since, min(stamps) - CLOCKS_MS) if stamps else self._since

    def _places(self, topics: Iterable[str]) -> list[Place]:
        return [(topic, at) for topic in sorted(topics) for at in range(self._counts.get(topic, 0))]

    def _scan(self, places: list[Place], since: int) -> Iterator[Record]:
        for record in self._reader.read(self._reader.spans(places, since), self._watch):
            self._found.searched += 1
            yield record

    def _value(self, record: Record) -> Mapping[str, Any] | None:
        """The record's fields, or None if it can't be read."""
        if record.value is None:
            return None
        value = value_of(record, self._decode)
        return value if isinstance(value, dict) and "request_id" in value else None

    def _committed(self, record: Record, lane: Binding) -> int | None:
        """The lane's committed offset of the record's partition; None if it has none, or a tenant may not know it."""
        if self._settings.tenant is not None:
            return None
        asker = consumer(self._settings, "find", **{"group.id": lane.group})
        try:
            place = TopicPartition(record.topic, record.partition)
            offset = asker.committed([place], timeout=ANSWER_SECONDS)[0].offset
        except KafkaException as error:
            raise explain(error, self._settings, f"reading offsets of {lane.group!r}") from None
        finally:
            asker.close()
        return offset if offset >= 0 else None
