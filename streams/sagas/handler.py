"""The handler of the lane of sagas: each input through the engine, in order; what comes of it in one transaction.

The engine decides and knows no I/O; this moves bytes: from the store and the inbox to the engine, and back.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog

from sagas.catalogue import Catalogue
from sagas.effects import AttentionRaised
from sagas.engine import Reaction, react
from sagas.inputs import Input, TimerFired
from sagas.instance import Direction, Instance
from schemas.errors import SchemaPending
from schemas.handler import Effects, Emission, PartitionState, State
from schemas.outcome import Code, Failed, Outcome
from schemas.registry import Registry
from schemas.request import Request
from streams.directory import Directory
from streams.sagas.counting import count
from streams.sagas.emitting import Emitting, answer
from streams.sagas.inbox import COMMAND, InboxEntry
from streams.sagas.inputs import input_of
from streams.sagas.outlets import Outlets
from streams.sagas.publishing import publish
from streams.sagas.row import STORE, Rows, is_aside, set_aside, with_due
from streams.settings import Settings
from streams.timers.firing import Firing

YIELD_EVERY = 64
"""So many inputs, some milliseconds, go by before the other lanes of the process get their turn."""
QUARANTINE_MS = 60_000
CACHED = 20_000
LOOK_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SagaHandler:
    """Advances sagas; implements `streams.definition.LaneHandler` and `Writing`."""

    stateful = True
    stores: tuple[str, ...] = (STORE,)

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings, self._catalogue = settings, catalogue
        self.outlets = Outlets(settings, catalogue)
        self._emitting = Emitting(settings, self.outlets)
        self._rows = Rows(self.outlets.named.binding.state)
        self._registry: Registry | None = None
        self._ready = False
        self._now_ms = 0
        self._look_at = 0.0
        self._cache: dict[bytes, tuple[bytes, Instance]] = {}

    @property
    def ready(self) -> bool:
        """Whether its definitions are published."""
        return self._ready

    async def start(self) -> None:
        """Publishes the definitions. Raises Misconfigured for a released one that was changed."""
        await asyncio.to_thread(publish, self._settings, self._catalogue)
        self._ready = True

    async def stop(self) -> None:
        """Holds nothing."""
        self._ready = False

    def connect(self, directory: Directory, registry: Registry) -> None:
        """Learns where it writes to."""
        self._registry = registry
        self._rows.connect(registry)
        self.outlets.connect(directory, registry)

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """One answer for each command, none for replies and timers."""
        await self._look_again()
        timers = [request.timestamp for request in requests if type(request) is Firing]
        # A clock that was set back must not keep a timer from firing which was found to be due.
        now_ms = self._now_ms = max(self._now_ms, round(now * 1000), *timers)
        effects = Effects([])
        try:
            for number, request in enumerate(requests, 1):
                layer = state.partition(request.topic, request.partition)
                effects.outcomes.append(self._handle(request, layer, now_ms, effects))
                if number % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
        except SchemaPending as pending:
            # A saga that another version of this program kept: the batch is tried again.
            assert self._registry is not None
            await asyncio.to_thread(self._registry.fetch, pending.schema_id)
            raise
        return effects

    async def _look_again(self) -> None:
        """Now and again, whether what some sagas lack is there by now."""
        now = time.monotonic()
        if self.outlets.lacking and now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            await asyncio.to_thread(self.outlets.choose)

    def _handle(self, request: Request, layer: PartitionState, now_ms: int, effects: Effects) -> Outcome | None:
        before = len(effects.emissions)
        try:
            if type(request) is InboxEntry:
                return self._take(request, layer, now_ms, effects)
            self._fire(request.key or b"", layer, now_ms, effects)
            return None
        except SchemaPending:
            raise
        except Exception as error:  # a defect met by one saga must not stop all others
            del effects.emissions[before:]
            return self._quarantine(request, layer, now_ms, effects.emissions, error)

    def _take(self, entry: InboxEntry, layer: PartitionState, now_ms: int, effects: Effects) -> Outcome | None:
        saga_id, given = input_of(entry)
        key = saga_id.encode()
        instance = self._load(layer, key)
        reaction = self._react(instance, saga_id, given, now_ms)
        reply = None if entry.type_name == COMMAND else entry
        effects.emissions += self._emitting.emissions(saga_id, key, reaction.effects, reply)
        self._keep_all(layer, key, saga_id, [(instance, reaction)], effects)
        return None if reply is not None else answer(saga_id, reaction)

    def _fire(self, key: bytes, layer: PartitionState, now_ms: int, effects: Effects) -> None:
        """Whatever of the saga is due, earliest first."""
        instance, saga_id = self._load(layer, key), key.decode()
        if instance is None:
            return
        due = sorted((timer.due_ms, timer.epoch, name) for name, timer in instance.timers.items())
        made: list[tuple[Instance, Reaction]] = []
        for due_ms, epoch, name in due:
            if instance is None or due_ms > now_ms:
                break
            reaction = self._react(instance, saga_id, TimerFired(name, epoch, due_ms), now_ms)
            effects.emissions += self._emitting.emissions(saga_id, key, reaction.effects, None)
            made.append((instance, reaction))
            instance = reaction.instance
        # Now that none has failed: a state without its history would be worse than a timer that fires late.
        self._keep_all(layer, key, saga_id, made, effects)

    def _react(self, instance: Instance | None, saga_id: str, given: Input, now_ms: int) -> Reaction:
        return react(self.outlets.catalogue, instance, saga_id, given, now_ms, self.outlets.limits)

    def _load(self, layer: PartitionState, key: bytes) -> Instance | None:
        row = layer.get(STORE, key)
        if row is None:
            return None
        cached = self._cache.get(key)
        # The very same bytes: whatever an abort undid, is read anew.
        return cached[1] if cached is not None and cached[0] is row else self._rows.unpack(row)

    def _keep_all(
        self,
        layer: PartitionState,
        key: bytes,
        saga_id: str,
        made: Sequence[tuple[Instance | None, Reaction]],
        effects: Effects,
    ) -> None:
        aside = is_aside(layer.get(STORE, key) or b"")
        for before, reaction in made:
            self._keep(layer, key, before, reaction, effects)
        if aside and not is_aside(layer.get(STORE, key) or b""):
            # It goes on, and the attention for what was set aside is over; or what it is parked for now holds, which
            # has to be the last word.
            effects.emissions.append(self._emitting.attention_of(saga_id, made[-1][1].instance))

    def _keep(
        self, layer: PartitionState, key: bytes, before: Instance | None, reaction: Reaction, effects: Effects
    ) -> None:
        after = reaction.instance
        if after is None:
            if before is not None:
                layer.delete(STORE, key)
                self._cache.pop(key, None)
        elif reaction.state is not None:
            row = self._rows.pack(after, reaction.state)
            layer.put(STORE, key, row)
            if len(self._cache) >= CACHED:
                self._cache.clear()
            self._cache[key] = row, after
        count(effects.counts, before, reaction)

    def _known(self, layer: PartitionState, key: bytes) -> tuple[str, int]:
        """The name and version of a saga with which something is wrong; no name when even that can't be read."""
        try:
            instance = self._load(layer, key)
        except Exception:  # what can't be read was told of already
            instance = None
        return ("", 0) if instance is None else (instance.saga, instance.version)

    def _quarantine(
        self, request: Request, layer: PartitionState, now_ms: int, emissions: list[Emission], error: Exception
    ) -> Outcome | None:
        """Sets aside what the engine failed on: nothing is lost, and somebody is told."""
        log.exception("a saga can't go on", key=request.key, error=repr(error))
        reason = f"a defect of the engine: {type(error).__name__}: {error}"[:300]
        key = request.key or b""
        saga_id = key.decode("utf-8", "replace")
        if isinstance(request, InboxEntry) and request.type_name == COMMAND:
            return Failed(Code.PROCESSOR_FAILED, reason, details={"saga_id": request.record["saga_id"]})
        if isinstance(request, InboxEntry):
            emissions.append(self._emitting.orphan(request, reason))
        row = layer.get(STORE, key)
        if row is not None:
            fired = type(request) is Firing
            layer.put(STORE, key, set_aside(with_due(row, now_ms + QUARANTINE_MS) if fired else row))
        saga, version = self._known(layer, key)
        raised = AttentionRaised(saga, version, now_ms, "", Direction.FORWARD, reason)
        emissions.append(self._emitting.raised(saga_id, raised))
        return None
