"""Sagas from topics, committed records only: their histories, their states, who waits for a person."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sagas.events import HistoryEvent
from sagas.instance import Instance
from sagas.wire.history import event_from
from sagas.wire.messages import LANE
from sagas.wire.schema import schema
from schemas.codec import Codec
from schemas.errors import SchemaPending
from schemas.partitioner import partition_for
from schemas.registry import Registry
from schemas.subjects import subject
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.routes import patient
from streams.client.spans import Place
from streams.sagas.horizon import Horizon, Topics
from streams.sagas.row import STORE, Rows
from streams.settings import Settings
from streams.state.wire import decode_key


class SagaReader:
    """Reads what the lane of sagas wrote, up to now. Its methods block, and raise the client's errors."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._reader = TopicReader(settings, "sagas")
        self._events = self._decoder("history", settings.sagas.history)

    def history(self, saga_id: str) -> list[HistoryEvent]:
        """Everything that happened to the sagas that had this id, oldest first."""
        key = saga_id.encode()
        places = self._home(self._settings.sagas.history, key)
        records = self._reader.read(self._reader.spans(places))
        return [event_from(self._events(record.value)) for record in records if record.key == key and record.value]

    def histories(self) -> dict[str, list[HistoryEvent]]:
        """The same of every saga."""
        found: dict[str, list[HistoryEvent]] = defaultdict(list)
        for record in self._all(self._settings.sagas.history):
            if record.value is not None:
                event = event_from(self._events(record.value))
                found[event.saga_id].append(event)
        return dict(found)

    def state(self, saga_id: str) -> Instance | None:
        """The saga as the orchestrator keeps it, or None."""
        topic, key = bind(self._settings, LANE).state, saga_id.encode()
        return self._states(self._reader.read(self._reader.spans(self._home(topic, key))), key).get(saga_id)

    def states(self) -> dict[str, Instance]:
        """Every saga that is kept."""
        return self._states(self._all(bind(self._settings, LANE).state))

    def attention(self) -> list[Mapping[str, Any]]:
        """The sagas that wait for a person, those that wait longest first."""
        decode = self._decoder("attention", self._settings.sagas.attention)
        latest = {record.key: record.value for record in self._all(self._settings.sagas.attention)}
        waiting = [decode(value) for value in latest.values() if value is not None]
        return sorted(waiting, key=lambda one: (one["since_ms"], one["saga_id"]))

    def definitions(self) -> list[Mapping[str, Any]]:
        """The released definitions."""
        decode = self._decoder("definition", self._settings.sagas.definitions)
        latest = {record.key: record.value for record in self._all(self._settings.sagas.definitions)}
        return [decode(value) for value in latest.values() if value is not None]

    def outcomes(self) -> list[Mapping[str, Any]]:
        """How sagas ended, as it was published."""
        topic, found = bind(self._settings, LANE).results, schema("outcome")
        decode = AnyDecoder(self._registry)
        values = [decode(record.value) for record in self._all(topic) if record.value is not None]
        return [value for value in values if set(value) == {field["name"] for field in found.definition["fields"]}]

    def topics(self) -> Topics:
        """How far back histories and outcomes reach. Ask after reading them: retention may have gone on meanwhile."""
        history, outcomes = self._settings.sagas.history, bind(self._settings, LANE).results
        return Topics(horizon(self._reader, history), horizon(self._reader, outcomes))

    def _states(self, records: Iterable[Record], only: bytes | None = None) -> dict[str, Instance]:
        rows = Rows(bind(self._settings, LANE).state)
        rows.connect(self._registry)
        latest: dict[bytes, bytes | None] = {}
        for record in records:
            store, key = decode_key(record.key)
            if store == STORE and only in (None, key):
                latest[key] = record.value
        return {key.decode(): self._unpack(rows, row) for key, row in latest.items() if row is not None}

    def _unpack(self, rows: Rows, row: bytes) -> Instance:
        try:
            return rows.unpack(row)
        except SchemaPending as pending:
            self._registry.fetch(pending.schema_id)
            return rows.unpack(row)

    def _all(self, topic: str) -> Iterator[Record]:
        return self._reader.read(self._reader.spans(self._reader.partitions([topic])))

    def _home(self, topic: str, key: bytes) -> list[Place]:
        places = self._reader.partitions([topic])
        return [places[partition_for(key, len(places))]]

    def _decoder(self, record: str, topic: str) -> Any:
        found = schema(record)
        return patient(Codec(found, subject(topic, found.name), self._registry), self._registry)


def horizon(reader: TopicReader, topic: str) -> Horizon:
    """From when on a topic is whole. Blocks; raises the client's errors."""
    places = reader.partitions([topic])
    return Horizon(len(places), {place[1]: first_ms(reader, place) for place in trimmed(reader, places)})


def trimmed(reader: TopicReader, places: Iterable[Place]) -> list[Place]:
    """Those partitions that lost their oldest records."""
    return [place for place, offset in reader.earliest(places).items() if offset > 0]


def first_ms(reader: TopicReader, place: Place) -> float:
    """The time of the first record that a partition has; infinite where there is none, or it has no time."""
    for record in reader.read(reader.spans([place])):
        return record.timestamp if record.timestamp >= 0 else math.inf
    return math.inf
