"""A lane: one processor's whole path, from its request topics to its result topic.

`LaneRun` joins the pieces once: intake thread, Faust agent, committer thread, restoration thread. `Lane` starts one,
and another after a fault, so that a fault of one lane neither ends nor delays the others.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from processors.contract import BatchPolicy
from schemas import avsc
from schemas.codec import Codec
from schemas.handler import Handler
from schemas.registry import Registry
from schemas.subjects import subject
from streams import connections, steady_clock
from streams.admission import Admission
from streams.adoption import Adoption
from streams.answering import Answering
from streams.binding import Binding
from streams.changelog import Changelogs
from streams.checkpoints import Checkpoints
from streams.committer import Committer
from streams.committing import Committing
from streams.definition import LaneDefinition, Reception, Writing
from streams.directory import Directory
from streams.entry import Entry
from streams.flight import Batch
from streams.intake import Intake
from streams.membership import Membership, member_id
from streams.observability.logging import librdkafka_logger
from streams.observability.metrics import LaneMetrics
from streams.offset_metadata import for_slot
from streams.orphans import OrphanWatch
from streams.output import Output
from streams.partition import Ownership, Partition, Phase
from streams.pipeline import Bounds, Pipeline
from streams.plain_committer import PlainCommitter
from streams.processing import Processing
from streams.rebalance import Rebalance
from streams.recall import Recall
from streams.reins import Reins
from streams.repeats.book import AnswerBook
from streams.repeats.book import Bounds as BookBounds
from streams.restoration import Restoration
from streams.room import Room
from streams.schema_asker import SchemaAsker
from streams.settings import LaneSettings, Settings
from streams.slots import instance_id
from streams.state_keeper import keeper_for
from streams.stop_reader import StopReader
from streams.stops import DeadLetterWindow, Stop, StopKey, stop_output
from streams.succession import Succession
from streams.timers.log_ends import LogEnds
from streams.timers.rules import Caution
from streams.timers.timekeeper import NoTimers, Timekeeper, Timers
from streams.transaction import Transactor

STOP_SECONDS = 5.0
STRANGER_SECONDS = 3.0
ORPHAN_SECONDS = 0.5
"""How much longer than a member may take to give partitions up they may be without an owner."""
REQUEST_SECONDS = 5.0

log = structlog.get_logger(__name__)


class LaneRun:
    """A lane's pieces, joined. Construction connects to nothing that must answer; `start` does."""

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
        self._admin = AdminClient(settings.kafka.client())
        ceiling = int(connections.producer(settings, binding)["message.max.bytes"])
        self._directory = Directory(self._admin, settings.topics.max_message_bytes, ceiling)
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
        self._recall = Recall(Consumer(connections.reader(settings, binding)))
        self._asker = SchemaAsker(binding.name, registry)
        self._timers = self._make_timers()
        on_commit = self._timers.committed if isinstance(self._timers, Timekeeper) else None
        self._keeper = keeper_for(binding, handler.stores, on_commit)
        self.processing = Processing(self.pipeline, handler, self._keeper, self._make_answering(), self._look_up)
        self._committing = self._make_committing()
        self._restoration = self._make_restoration()
        self._orphans = self._make_orphan_watch()
        self._intake = self._make_intake()

    async def start(self) -> None:
        """Binds the schemas, learns the topics, and starts the threads. Raises what keeps it from running."""
        await asyncio.to_thread(self._connect)
        for thread in (self._committing, self._restoration, self._intake, self._orphans):
            thread.start()
        self._started = True

    async def stop(self, drain_seconds: float, *, leave: bool) -> None:
        """Stops intake, commits what is in flight within the time given, and ends; `leave` gives the partitions up."""
        if not self._started:
            self._consumer.close()
            return
        self._intake.close()
        if drain_seconds > 0:
            self.pipeline.drain(time.monotonic())
            await asyncio.to_thread(self.pipeline.wait_empty, drain_seconds)
        await asyncio.to_thread(self._intake.stop, STOP_SECONDS)
        await asyncio.to_thread(self._end, leave)

    def slot_is_taken(self) -> bool:
        """Whether another living member of the group has our slot. Blocks; raises KafkaException.

        Being fenced alone does not say so: whoever took a dead slot's partitions over fences it too, and a worker that
        was only paused may come back to its slot. It may be joining at this moment, under a new member id: so whoever
        holds the slot must be a stranger for a while.
        """
        deadline = time.monotonic() + STRANGER_SECONDS
        while self._strangers():
            if time.monotonic() > deadline:
                return True
            time.sleep(STRANGER_SECONDS / 10)
        return False

    def _strangers(self) -> set[str]:
        group, ours = self._binding.group, instance_id(self._binding.group, self._slot)
        described = self._admin.describe_consumer_groups([group], request_timeout=REQUEST_SECONDS)
        members = described[group].result(REQUEST_SECONDS).members
        holders = {member.member_id for member in members if member.group_instance_id == ours}
        return holders - {member_id(self._membership.metadata)}

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

    async def _look_up(self, entries: Sequence[Entry]) -> None:
        """Before answering: which reply topics are there, and the large answers that repeats get again."""
        await self._directory.learn({entry.envelope.reply_to for entry in entries if entry.envelope.reply_to})
        for entry in entries:
            replay = entry.replay
            if replay is not None and replay.value is None and replay.location is not None:
                value = await asyncio.to_thread(self._recall.fetch, replay.location)
                entry.replay = None
                if value is not None:
                    entry.repeat(value)

    def _make_codec(self, role: avsc.Role, topic: str) -> Codec:
        schema = avsc.load(self._binding.name, role)
        return Codec(schema, subject(topic, schema.name if self._definition.several else None), self._registry)

    def _make_timers(self) -> Timers:
        if self._definition.timers is None:
            return NoTimers()
        caution = Caution(pinned_ms=int(self._settings.worker.pinned_seconds * 1000))
        ends = LogEnds(self._admin)
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
        timeout = self._settings.kafka.transaction_timeout_ms / 1000
        if self._lane.guarantee == "exactly-once":
            in_turn = connections.transactional_for(self._settings, self._binding, self._slot)
            return Transactor(in_turn, timeout, lambda why: self._metrics.producer_renewed())

        def commit_offsets(offsets: Sequence[TopicPartition]) -> None:
            self._membership.commit(offsets, timeout)

        first = self._lane.guarantee == "at-most-once"
        properties = connections.producer(self._settings, self._binding)
        return PlainCommitter(properties, timeout, commit_offsets, offsets_first=first)

    def _make_restoration(self) -> Restoration:
        settings, binding = self._settings, self._binding
        directory = settings.stack.directory / "checkpoints" / f"slot-{self._slot}"
        checkpoints = Checkpoints(directory, binding, self._admin, self.ownership)
        changelogs = Changelogs(
            binding,
            Consumer(connections.reader(settings, binding)),
            self._admin,
            checkpoints,
            answers=self._remembers,
            state=bool(self._handler.stores),
        )
        return Restoration(
            binding.name,
            self._membership,
            Consumer(connections.reader(settings, binding)),
            self._make_succession(),
            changelogs,
            checkpoints,
            self.ownership,
            for_slot(self._slot),
            self._committing.settled,
            lambda topic, number: self._stops.is_stopped(binding.group, topic, number),
        )

    def _make_succession(self) -> Succession:
        settings, binding = self._settings, self._binding
        return Succession(
            binding.group,
            self._slot,
            Consumer(connections.reader(settings, binding, "read_uncommitted")),
            self._admin,
            lambda identity: connections.transactional(settings, binding, identity),
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
            group,
            instance_id(group, self._slot),
            self._binding.requests,
            self._admin,
            self._settings.worker.revoke_seconds + ORPHAN_SECONDS,
            lambda: self._intake.join_anew(),
        )


def batch_policy(declared: BatchPolicy, lane: LaneSettings) -> BatchPolicy:
    """The processor's own policy with what the user set instead."""
    chosen = lane.batch
    return BatchPolicy(
        size=chosen.size or declared.size,
        wait_ms=declared.wait_ms if chosen.wait_ms is None else chosen.wait_ms,
        cost=chosen.cost or declared.cost,
        bytes=chosen.bytes or declared.bytes,
    )


def remembers(lane: LaneSettings) -> bool:
    """Whether the user wants answers to be remembered."""
    return lane.repeats.entries > 0 and lane.repeats.retention_seconds > 0


def bounds(lane: LaneSettings) -> Bounds:
    """The lane's bounds on what is unsettled."""
    return Bounds(lane.intake_records, lane.intake_bytes, lane.transaction_records, lane.transaction_bytes)
