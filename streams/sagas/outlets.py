"""Where the lane of sagas writes: topics, schema ids and sizes, learnt before anything is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import structlog

from sagas.catalogue import Catalogue
from sagas.compiled import Compiled, Request
from sagas.limits import Limits
from sagas.wire.messages import LANE
from sagas.wire.schema import schema
from schemas import avsc
from schemas.codec import Codec, frame
from schemas.errors import SchemaNotFound
from schemas.registry import Registry
from schemas.subjects import subject
from schemas.topics import requests_topic
from streams.binding import Binding, bind
from streams.directory import Directory
from streams.settings import Settings

HEADROOM = 2_048
"""Of a record beside its value: the saga's id as key and in headers, topic names, numbers."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Named:
    """The topics of sagas, and the lane's binding."""

    binding: Binding
    history: str
    attention: str
    orphans: str
    definitions: str

    @classmethod
    def of(cls, settings: Settings) -> "Named":
        """As the settings name them."""
        sagas = settings.sagas
        return cls(bind(settings, LANE), sagas.history, sagas.attention, sagas.orphans, sagas.definitions)

    @property
    def inbox(self) -> str:
        """Where commands and replies come in."""
        return self.binding.requests[0]


def topic_of(settings: Settings, lane: str, topic: str) -> str:
    """Where a command goes: to the topic that the lane is bound to, unless the saga names another one."""
    return bind(settings, lane).requests[0] if topic == requests_topic(lane) else topic


def requests_of(compiled: Compiled) -> Iterator[Request]:
    """Every command that a saga may send."""
    for step in compiled.steps.values():
        yield step.request
        if step.undo is not None:
            yield step.undo


class Outlets:
    """What is known of the topics. `connect` learns on another thread; the rest answers from memory."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._all = catalogue
        self.named = Named.of(settings)
        self.catalogue = Catalogue()
        self.limits = Limits()
        self.lacking: dict[tuple[str, int], str] = {}
        self._own: dict[str, bytes] = {}
        self._commands: dict[str, bytes] = {}
        self._directory: Directory | None = None
        self._registry: Registry | None = None

    def connect(self, directory: Directory, registry: Registry) -> None:
        """Learns everything anew. Blocks; raises SchemaNotFound, RegistryUnavailable, KafkaException.

        A saga whose participants are not there is left out, and said so: those that run are parked one by one.
        """
        named = self.named
        own = (named.inbox, named.binding.state, named.history, named.attention, named.orphans)
        directory.learn_now(own)
        missing = [topic for topic in own if directory.problem(topic) is not None]
        if missing:
            raise SchemaNotFound(f"topics of sagas are not there: {', '.join(missing)}: run `sluicegate init`")
        places = {"history": named.history, "attention": named.attention, "outcome": named.binding.results}
        # Once: an id stays what it is, and the registry may be away after an abort.
        self._own = self._own or {record: own_frame(registry, record, topic) for record, topic in places.items()}
        self._directory, self._registry = directory, registry
        self.choose()

    def own(self, record: str) -> bytes:
        """What stands before the Avro of a history, attention or outcome record."""
        return self._own[record]

    def command(self, topic: str) -> bytes:
        """What stands before the Avro of a command to a topic."""
        return self._commands[topic]

    def limit(self, topic: str) -> int:
        """The largest record that a topic takes."""
        assert self._directory is not None
        return self._directory.limit(topic)

    def partitions(self) -> int | None:
        """How many partitions the inbox has, once that is known."""
        return None if self._directory is None else self._directory.partitions(self.named.inbox)

    def choose(self) -> None:
        """Finds out which sagas can run here: those whose participants are there. Blocks; raises as `connect`."""
        directory, registry = self._directory, self._registry
        assert directory is not None
        assert registry is not None
        requests = [request for compiled in self._all for request in requests_of(compiled)]
        directory.learn_now({self._topic(request) for request in requests})
        there, lacking = list[Compiled](), dict[tuple[str, int], str]()
        for compiled in self._all:
            problem = next(self._problems(compiled, directory, registry), None)
            if problem is None:
                there.append(compiled)
                continue
            lacking[compiled.name, compiled.version] = problem
            if problem != self.lacking.get((compiled.name, compiled.version)):
                log.error("a saga can't run here", saga=compiled.name, version=compiled.version, why=problem)
        self.catalogue, self.lacking, self.limits = Catalogue(there), lacking, self._limits(directory)

    def _topic(self, request: Request) -> str:
        return topic_of(self._settings, request.lane, request.topic)

    def _problems(self, compiled: Compiled, directory: Directory, registry: Registry) -> Iterator[str]:
        for request in requests_of(compiled):
            topic = self._topic(request)
            if directory.problem(topic) is not None:
                yield f"{request.label} sends to {topic!r}, which is not there: run `sluicegate init`"
            elif topic not in self._commands:
                codec = Codec(avsc.load(request.lane, "request"), subject(topic), registry)
                try:
                    self._commands[topic] = frame(codec.bind())
                except SchemaNotFound as error:
                    yield str(error)

    def _limits(self, directory: Directory) -> Limits:
        named, there = self.named, [topic for topic in self._commands if directory.problem(topic) is None]
        return Limits(
            state=smallest(directory, (named.binding.state, named.binding.results)),
            history=smallest(directory, (named.history,)),
            command=smallest(directory, [*there, named.history]),
        )


def own_frame(registry: Registry, record: str, topic: str) -> bytes:
    """The frame of one of the records of sagas; raises SchemaNotFound."""
    found = schema(record)
    return frame(Codec(found, subject(topic, found.name), registry).bind())


def smallest(directory: Directory, topics: Iterable[str]) -> int:
    """What a record's value may take on any of these topics."""
    return max(1, min(directory.limit(topic) for topic in topics) - HEADROOM)
