"""A lane: one processor's whole path, from its request topics to its result topic.

`LaneRun` joins the pieces once: intake thread, Faust agent, committer thread, restoration thread. `Lane` starts one,
and another after a fault, so that a fault of one lane neither ends nor delays the others.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from confluent_kafka import Consumer

from schemas import avsc
from schemas.codec import Codec
from schemas.handler import Handler
from schemas.registry import Registry
from schemas.subjects import subject
from streams import connections, steady_clock
from streams import lane_clients as clients
from streams.admission import Admission
from streams.adoption import Adoption
from streams.answering import Answering
from streams.binding import Binding
from streams.committer import Committer
from streams.committing import Committing
from streams.definition import LaneDefinition, Reception, Writing
from streams.directory import Directory
from streams.flight import Batch
from streams.intake import Intake
from streams.lane_bounds import batch_policy, bounds, remembers
from streams.lookup import Lookup
from streams.membership import Membership
from streams.observability.logging import librdkafka_logger
from streams.observability.metrics import LaneMetrics
from streams.offset_metadata import for_slot
from streams.orphans import OrphanWatch
from streams.output import Output
from streams.partition import Ownership, Partition, Phase
from streams.pipeline import Pipeline
from streams.processing import Processing
from streams.rebalance import Rebalance
from streams.recall import Recall
from streams.reins import Reins
from streams.renewable import Renewable
from streams.repeats.book import AnswerBook
from streams.repeats.book import Bounds as BookBounds
from streams.restoration import Restoration
from streams.room import Room
from streams.schema_asker import SchemaAsker
from streams.settings import Settings
from streams.slot_holder import slot_is_taken
from streams.slots import instance_id
from streams.state_keeper import keeper_for
from streams.stop_reader import StopReader
from streams.stops import DeadLetterWindow, Stop, StopKey, stop_output
from streams.timers.log_ends import LogEnds
from streams.timers.rules import Caution
from streams.timers.timekeeper import NoTimers, Timekeeper, Timers

STOP_SECONDS = 5.0
ORPHAN_SECONDS = 0.5
"""How much longer than a member may take to give partitions up they may be without an owner."""

log = structlog.get_logger(__name__)


class LaneRun:
    """A lane's pieces, joined: `settle`, then `start`. Construction connects to nothing that must answer."""

    def __init__(
        self,
        settings: Settings,
        definition: LaneDefinition,
        binding: Binding,
        slot: int,
        registry: Registry,
        handler: Handler,
        stops: StopReader,
        metrics: LaneMetrics,
        dispatch: Callable[["LaneRun", Batch], None],
    ) -> None:
        self._settings, self._lane = settings, settings.lane(binding.name)
        self._definition, self._binding, self._slot = definition, binding, slot
        self._registry, self._metrics, self._stops, self._handler = registry, metrics, stops, handler
        self._loop = asyncio.get_running_loop()
        self._started = False
        self.failed: asyncio.Future[BaseException] = self._loop.create_future()
        self._remembers = definition.remembers and remembers(self._lane)
        self.ownership = Ownership()
        self._view = clients.group_view(settings, binding)
        ceiling = int(connections.producer(settings, binding)["message.max.bytes"])
        self._directory = Directory(clients.administrator(settings), settings.topics.max_message_bytes, ceiling)
        policy = batch_policy(definition.batch, self._lane)
        slots = 1 if handler.stateful else definition.slots
        self.pipeline = Pipeline(policy, slots, bounds(self._lane), lambda batch: dispatch(self, batch))
        self._membership = Membership()
        properties = connections.member(settings, binding, slot)
        routed = {"on_commit": self._membership.committed, "logger": librdkafka_logger()}
        # Timers wait until everything was read: only the end of a partition says so, markers of transactions hide it.
        ends = {"enable.partition.eof": definition.timers is not None}
        self._consumer = Consumer({**properties, **routed, **ends})
        self._request_codec = self._make_codec("request", binding.requests[0])
        self._result_codec = self._make_codec("result", binding.results)
        self._asker = SchemaAsker(binding.name, registry)
        self._timers = self._make_timers()
        on_commit = self._timers.committed if isinstance(self._timers, Timekeeper) else None
        self._keeper = keeper_for(binding, handler.stores, on_commit)
        look_up = Lookup(self._directory, Recall(clients.reader(settings, binding)))
        self.processing = Processing(self.pipeline, handler, self._keeper, self._make_answering(), look_up)
        self._committing = self._make_committing()
        self._restoration = self._make_restoration()
        self._orphans = self._make_orphan_watch()
        self._intake = self._make_intake()

    def settle(self) -> None:
        """Begins to end what an earlier holder of the slot left open, which takes longer than any check."""
        self._committing.start()

    async def start(self) -> None:
        """Binds the schemas, learns the topics, and starts the threads. Raises what keeps it from running."""
        await asyncio.to_thread(self._connect)
        for thread in (self._restoration, self._intake, self._orphans):
            thread.start()
        self._started = True

    async def stop(self, drain_seconds: float, *, leave: bool) -> None:
        """Stops intake, commits what is in flight within the time given, and ends; `leave` gives the partitions up."""
        if not self._started:
            await asyncio.to_thread(self._committing.stop, STOP_SECONDS)
            self._consumer.close()
            return
        self._intake.close()
        if drain_seconds > 0:
            self.pipeline.drain(time.monotonic())
            await asyncio.to_thread(self.pipeline.wait_empty, drain_seconds)
        await asyncio.to_thread(self._intake.stop, STOP_SECONDS)
        await asyncio.to_thread(self._end, leave)

    def slot_is_taken(self) -> bool:
        """Whether another living member of the group has our slot. Blocks; raises KafkaException."""
        return slot_is_taken(self._view, self._slot, self._membership)

    def resume_partition(self, topic: str, number: int) -> None:
        """By any thread: an operator has resumed a stopped partition."""
        self._intake.resume_partition(topic, number)

    def stopped(self) -> int:
        """How many owned partitions wait for an operator."""
        return sum(partition.phase in (Phase.STOPPED, Phase.FAILED) for partition in self.ownership.all())

    def delayed(self) -> tuple[str, ...]:
        """A line for each owned partition that can't be restored yet."""
        return tuple(f"{p.topic}[{p.number}] waits: {p.waits_for}" for p in self.ownership.all() if p.waits_for)

    def running(self) -> bool:
        """Whether it is in the group, and restores no partition but those that are delayed."""
        restoring = [p for p in self.ownership.all() if p.phase is Phase.RESTORING and p.waits_for is None]
        return self._membership.member and not restoring

    def oldest(self) -> float | None:
        """When the oldest unsettled record arrived (seconds, monotonic)."""
        return self.pipeline.oldest()

    def _connect(self) -> None:
        for codec in (self._request_codec, self._result_codec):
            codec.bind()
        self._learn_topics()

    def _learn_topics(self) -> None:
        self._directory.learn_now(self._binding.answers)
        if isinstance(self._handler, Writing):
            self._handler.connect(self._directory, self._registry)

    def _end(self, leave: bool) -> None:
        self._orphans.stop(STOP_SECONDS)
        self._restoration.stop(STOP_SECONDS)
        self._committing.stop(STOP_SECONDS)
        if leave:
            self._intake.leave(STOP_SECONDS)
        self._asker.stop()
        self._consumer.close()

    def _fail(self, error: BaseException) -> None:
        def note() -> None:
            if not self.failed.done():
                self.failed.set_result(error)

        self._loop.call_soon_threadsafe(note)

    def _make_codec(self, role: avsc.Role, topic: str) -> Codec:
        schema = avsc.load(self._binding.name, role)
        return Codec(schema, subject(topic, schema.name if self._definition.several else None), self._registry)

    def _make_timers(self) -> Timers:
        if self._definition.timers is None:
            return NoTimers()
        caution = Caution(pinned_ms=int(self._settings.worker.pinned_seconds * 1000))
        ends = LogEnds(Renewable(lambda: clients.administrator(self._settings)))
        return Timekeeper(self._definition.timers, self.ownership, ends, caution, self._metrics)

    def _make_answering(self) -> Answering:
        return Answering(
            self._binding,
            self._result_codec,
            self._definition.model,
            self._definition.model_version,
            self._directory.limit,
            self._directory.problem,
            self._directory.refuse,
        )

    def _make_committing(self) -> Committing:
        return Committing(
            self._binding,
            self.pipeline,
            self.ownership,
            self._make_committer(),
            self._membership,
            self._keeper,
            for_slot(self._slot),
            self._metrics,
            self._look_again,
            self._fail,
        )

    def _look_again(self) -> None:
        self._directory.forget()
        self._learn_topics()

    def _make_committer(self) -> Committer:
        """Its transactions, or what the guarantee that was chosen has instead."""
        return clients.committer(self._settings, self._binding, self._slot, self._membership, self._metrics)

    def _make_restoration(self) -> Restoration:
        settings, binding, slot = self._settings, self._binding, self._slot
        kept = {"answers": self._remembers, "state": bool(self._handler.stores)}
        return Restoration(
            binding.name,
            self._membership,
            lambda: clients.sources(settings, binding, slot, self._view, self.ownership, **kept),
            self.ownership,
            for_slot(slot),
            self._committing.settled,
            lambda topic, number: self._stops.is_stopped(binding.group, topic, number),
            self._fail,
        )

    def _new_partition(self, topic: str, number: int) -> Partition:
        repeats, limit = self._lane.repeats, self._lane.dead_letter_limit
        book = AnswerBook(BookBounds(repeats.entries, repeats.bytes, int(repeats.retention_seconds * 1000)))
        return Partition(topic, number, book, DeadLetterWindow(limit) if DeadLetterWindow.needed(limit) else None)

    def _stop_output(self, partition: Partition, offset: int, reason: str) -> Output:
        key = StopKey(self._binding.group, partition.topic, partition.number)
        return stop_output(self._binding.control, key, Stop(reason, offset, steady_clock.now_ms()))

    def _make_reception(self) -> Reception:
        definition = self._definition
        if definition.reception is not None:
            return definition.reception(self._binding, self._request_codec, self._registry)
        return Admission(
            self._binding.name,
            self._request_codec,
            definition.request,
            definition.cost,
            self._binding.dead_letters_of,
            remember=self._remembers,
        )

    def _make_intake(self) -> Intake:
        reins = Reins(self._consumer)
        room = Room(self.pipeline, self.ownership, reins, self._metrics)
        adoption = Adoption(
            self._restoration, self.pipeline, self.ownership, self._keeper, self._timers, reins, lambda: room.full
        )
        rebalance = Rebalance(
            self.pipeline,
            self.ownership,
            self._keeper,
            self._membership,
            self._metrics,
            reins,
            adoption,
            self._new_partition,
            self._settings.worker.revoke_seconds,
            self._orphans.look_soon,
        )
        return Intake(
            self._binding.name,
            self._binding.requests,
            self._consumer,
            self.pipeline,
            self.ownership,
            self._make_reception(),
            self._asker,
            self._membership,
            self._timers,
            self._metrics,
            reins,
            room,
            adoption,
            rebalance,
            self._stop_output,
            self._fail,
        )

    def _make_orphan_watch(self) -> OrphanWatch:
        group = self._binding.group
        return OrphanWatch(
            self._view,
            instance_id(group, self._slot),
            self._binding.requests,
            Renewable(lambda: clients.administrator(self._settings)),
            self._settings.worker.revoke_seconds + ORPHAN_SECONDS,
            lambda: self._intake.join_anew(),
            self._fail,
        )
