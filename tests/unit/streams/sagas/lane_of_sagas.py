"""The lane of sagas without Kafka: an inbox, the handler, its store; what it emits is decoded again."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

from confluent_kafka import Message

from sagas.catalogue import Catalogue
from sagas.inputs import CommandKind
from sagas.instance import Instance
from sagas.wire.messages import LANE
from schemas import avsc
from schemas.codec import Codec
from schemas.errors import SchemaPending
from schemas.handler import Effects, Emission
from schemas.outcome import Completed, Failed, Outcome
from schemas.partitioner import partition_for
from schemas.result import result_record
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.directory import Directory
from streams.entry import Entry
from streams.partition import Partition, Phase
from streams.provisioning.plan import plan_for
from streams.repeats.book import AnswerBook, Bounds
from streams.sagas.asking import command
from streams.sagas.handler import SagaHandler
from streams.sagas.inbox import Inbox
from streams.sagas.row import STORE
from streams.settings import Settings
from streams.state.stores import StateStores
from streams.timers.firing import Firing

SETTINGS = Settings()
NOW = 1_790_000_000_000
PARTITIONS = 4


class Topics:
    """A cluster's topics, as the handler asks for them."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.missing: set[str] = set()
        self.limits: dict[str, int] = {}
        self._limit = limit

    def learn_now(self, topics: Any) -> None:
        pass

    def problem(self, topic: str) -> str | None:
        return f"{topic} is missing" if topic in self.missing else None

    def limit(self, topic: str) -> int:
        return self.limits.get(topic, self._limit)

    def partitions(self, topic: str) -> int:
        return PARTITIONS


class LaneOfSagas:
    """One partition of the lane; every call is one micro-batch, which is committed unless it says otherwise."""

    def __init__(self, catalogue: Catalogue, topics: Topics | None = None) -> None:
        self.registry, self.topics = MemoryRegistry(), topics or Topics()
        for one in plan_for(SETTINGS, [LANE, "echo"]).registrations:
            self.registry.register(one.subject, one.schema)
        self.decode = AnyDecoder(self.registry)
        self.binding = bind(SETTINGS, LANE)
        commands = avsc.load(LANE, "request")
        self.commands = Codec(commands, subject(self.binding.requests[0], commands.name), self.registry)
        self.commands.bind()
        self.echoed = Codec(avsc.load("echo", "result"), subject("sluicegate.echo.results"), self.registry)
        self.echoed.bind()
        self.handler = SagaHandler(SETTINGS, catalogue)
        self.handler.connect(cast(Directory, self.topics), self.registry)
        self.inbox = Inbox(self.binding, self.commands, self.registry, self.handler.outlets.partitions)
        self.stores = StateStores((STORE,))
        self.partitions = [self._partition(number) for number in range(PARTITIONS)]
        self.number = 0
        self.now = NOW

    def _partition(self, number: int) -> Partition:
        topic = self.binding.requests[0]
        partition = Partition(topic, number, AnswerBook(Bounds(1, 1, 1)))
        partition.store, partition.phase, partition.position = self.stores.assign(topic, number), Phase.RUNNING, 0
        return partition

    def home(self, saga_id: str) -> Partition:
        """Where a saga lives."""
        return self.partitions[partition_for(saga_id.encode(), PARTITIONS)]

    def admit(self, owner: Partition, key: bytes | None, value: bytes | None, headers: Any = None) -> Entry:
        """A record as the intake admits it."""
        offset = owner.position
        owner.position += 1
        message = Message(owner.topic, owner.number, offset, key, value, headers, None, (1, self.now))
        try:
            return self.inbox.admit(owner, message, self.now)
        except SchemaPending as pending:
            self.registry.fetch(pending.schema_id)
            return self.inbox.admit(owner, message, self.now)

    def command(self, kind: CommandKind, saga_id: str, **fields: Any) -> Entry:
        """A command, admitted."""
        value = self.commands.encode(command(kind, saga_id, **fields))
        return self.admit(self.home(saga_id), saga_id.encode(), value)

    def start(self, saga: str, saga_id: str) -> Entry:
        """A start, admitted."""
        return self.command(CommandKind.START, saga_id, saga=saga, payload=json.dumps({"name": saga_id}).encode())

    def reply(self, sent: Emission, outcome: Outcome | None = None) -> Entry:
        """The answer of an echo lane to a command that was emitted, admitted."""
        asked, headers = self.decode(sent.value or b""), dict(sent.headers)
        answer = outcome or Completed({"payload": asked["payload"]})
        value = self.echoed.encode(result_record(asked["request_id"], answer, "echo", "1", 0.0, 0.0))
        back = [(name, text) for name, text in sent.headers if name.startswith("x-")]
        saga_id = headers["x-saga-id"].decode()
        return self.admit(self.home(saga_id), headers["reply-key"], value, back)

    def firing(self, saga_id: str, due_ms: int) -> Firing:
        """A timer that came due."""
        return Firing(self.home(saga_id), saga_id.encode(), due_ms)

    def handle(self, *entries: Entry, commit: bool = True) -> Effects:
        """One micro-batch."""
        self.number += 1
        state = self.stores.begin(self.number)
        try:
            effects = asyncio.run(self.handler.handle(entries, state, self.now / 1000))
        finally:
            self.stores.end()
        if commit:
            self.stores.commit_through(self.number)
        else:
            self.stores.roll_back()
        return effects

    def row(self, saga_id: str) -> bytes | None:
        """The saga's row."""
        home = self.home(saga_id)
        assert home.store is not None
        return home.store.get(STORE, saga_id.encode())

    def saga(self, saga_id: str) -> Instance | None:
        """The saga as it is kept."""
        row = self.row(saga_id)
        return None if row is None else self.handler._rows.unpack(row)

    def sent(self, effects: Effects, topic: str = "sluicegate.echo.requests") -> list[Emission]:
        """What went to a topic."""
        return [one for one in effects.emissions if one.topic == topic]

    def events(self, effects: Effects) -> list[Mapping[str, Any]]:
        """The history that was written."""
        return [self.decode(one.value or b"") for one in self.sent(effects, SETTINGS.sagas.history)]


def failed(code: Any, message: str = "no", *, retriable: bool = False) -> Failed:
    """A participant's failure."""
    return Failed(code, message, retriable)
