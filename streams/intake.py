"""The intake: one thread that polls a lane's consumer, admits what it reads, and answers to rebalances.

It never waits for inference or for a commit, so a slow model can't cost the worker its membership: when the lane is
full it waits briefly for room (pausing makes librdkafka throw away what it fetched), then pauses and polls on.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from schemas.errors import SchemaPending
from streams import steady_clock
from streams.adoption import Adoption
from streams.definition import Reception
from streams.entry import Entry
from streams.failpoints import passing
from streams.gauges import Gauges
from streams.membership import Membership
from streams.observability.metrics import LaneMetrics
from streams.output import Output
from streams.partition import Ownership, Partition, Phase
from streams.pipeline import Pipeline
from streams.polling import poll_many
from streams.rebalance import Rebalance
from streams.reins import Reins
from streams.room import Room
from streams.schema_asker import SchemaAsker
from streams.timers.timekeeper import Timers
from streams.turns import turns

CHUNK = 512
IDLE_SECONDS, RESTORING_SECONDS, PAUSED_SECONDS, LEAVE_SECONDS = 0.05, 0.005, 0.02, 5.0

# A batch of records that can't be taken apart: reading on would freeze the partition for ever.
UNREADABLE_BATCH = (KafkaError._BAD_COMPRESSION, KafkaError._BAD_MSG)

log = structlog.get_logger(__name__)


class Intake(threading.Thread):
    """The poll loop of one lane. Only this thread touches the consumer's position and pauses."""

    def __init__(
        self,
        lane: str,
        topics: Sequence[str],
        consumer: Consumer,
        pipeline: Pipeline,
        ownership: Ownership,
        reception: Reception,
        asker: SchemaAsker,
        membership: Membership,
        timers: Timers,
        metrics: LaneMetrics,
        reins: Reins,
        room: Room,
        adoption: Adoption,
        rebalance: Rebalance,
        stop_output: Callable[[Partition, int, str], Output],
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name=f"{lane}-intake", daemon=True)
        self._lane, self._topics = lane, list(topics)
        self._consumer, self._pipeline, self._ownership = consumer, pipeline, ownership
        self._reception, self._asker, self._membership, self._timers = reception, asker, membership, timers
        self._reins, self._room, self._adoption, self._rebalance = reins, room, adoption, rebalance
        self._stop_output, self._on_fatal = stop_output, on_fatal
        self._gauges = Gauges(consumer, ownership, metrics)
        self._stopping = threading.Event()
        self._resumed: deque[tuple[str, int]] = deque()
        self._closed = False
        self._joining_anew = False

    def run(self) -> None:
        """Polls until stopped. A fatal error of the consumer, or one of ours, ends the lane."""
        try:
            self._subscribe()
            while not self._stopping.is_set():
                self._step()
        except BaseException as error:
            self._on_fatal(error)
        finally:
            turns.tell(self._lane, behind=False)

    def join_anew(self) -> None:
        """By any thread: leaves the group and joins it again, so that all partitions are given out anew."""
        self._joining_anew = True

    def close(self) -> None:
        """Admits nothing more; the poll loop goes on, for the commits and rebalances of what is in flight."""
        self._closed = True

    def stop(self, timeout: float) -> None:
        """Ends the poll loop; nothing more is admitted."""
        self._stopping.set()
        self.join(timeout)

    def leave(self, timeout: float) -> None:
        """Gives the partitions up at once, static member or not; call after `stop`."""
        self._consumer.unsubscribe()
        deadline = time.monotonic() + timeout
        while self._consumer.assignment() and time.monotonic() < deadline:
            self._consumer.poll(0.05)

    def _subscribe(self) -> None:
        calls = self._rebalance
        self._consumer.subscribe(self._topics, on_assign=calls.assigned, on_revoke=calls.revoked, on_lost=calls.lost)

    def _step(self) -> None:
        self._membership.serve(self._consumer)
        if self._joining_anew:
            self._joining_anew = False
            self.leave(LEAVE_SECONDS)
            self._subscribe()
        if self._closed:
            self._poll_closed()
            return
        self._gauges.measure()
        if self._pipeline.aborted is not None:
            self._asker.forget()
            self._adoption.rewind()
        self._adoption.take()
        if self._asker.answered():
            self._unpark()
        if self._resumed:
            self._restart_stopped()
        if not self._room.make():
            self._handle(poll_many(self._consumer, 1, PAUSED_SECONDS))
            return
        self._handle(poll_many(self._consumer, CHUNK, self._patience()))
        firings = self._timers.take()
        if firings:
            # Behind everything that was read: a reply that came in time is seen first.
            self._pipeline.offer([*firings], time.monotonic(), backlog=False)

    def _poll_closed(self) -> None:
        for partition in self._ownership.all():
            self._reins.pause(partition)
        # What was fetched before the pause is not admitted, so its offsets are not committed either.
        poll_many(self._consumer, 1, RESTORING_SECONDS)

    def _handle(self, messages: list[Message]) -> None:
        behind = len(messages) == CHUNK
        turns.tell(self._lane, behind)
        if not messages:
            self._pipeline.quiet(time.monotonic())
            return
        entries = self._admit_all(messages)
        self._pipeline.offer(entries, time.monotonic(), backlog=behind)

    def _patience(self) -> float:
        if self._adoption.waiting or self._asker.waiting or self._membership.busy:
            return RESTORING_SECONDS
        due, patience = self._pipeline.due(), min(IDLE_SECONDS, self._timers.patience())
        return patience if due is None else min(max(due - time.monotonic(), 0.0), patience)

    def _admit_all(self, messages: list[Message]) -> list[Entry]:
        passing("admit.before")
        entries: list[Entry] = []
        now_ms = steady_clock.now_ms()
        get = self._ownership.get
        for message in messages:
            error = message.error()
            if error is not None:
                self._read_error(error, message, entries)
                continue
            partition = get(message.topic() or "", message.partition() or 0)
            offset = message.offset() or 0
            if partition is None or partition.phase is not Phase.RUNNING or offset < partition.position:
                continue
            partition.position = offset + 1
            if partition.parked:
                partition.parked.append(message)
            else:
                self._admit(partition, message, now_ms, entries)
        passing("admit.after")
        return entries

    def resume_partition(self, topic: str, number: int) -> None:
        """By any thread: an operator has resumed this partition."""
        self._resumed.append((topic, number))

    def _restart_stopped(self) -> None:
        for _ in range(len(self._resumed)):
            topic, number = self._resumed.popleft()
            partition = self._ownership.get(topic, number)
            if partition is None or partition.phase is not Phase.STOPPED:
                continue
            if self._pipeline.holds({partition}):
                self._resumed.append((topic, number))
                continue
            partition.phase = Phase.RESTORING
            self._adoption.ask([partition])

    def _watch_dead_letters(self, partition: Partition, entry: Entry) -> None:
        """Stops the partition after the dead letter that is one too many; the stop is in its transaction."""
        assert partition.window is not None
        reason = partition.window.observe(entry.offset, entry.dead_letter is not None)
        if reason is None:
            return
        log.error("a partition stops", partition=str(partition), reason=reason)
        entry.stop = self._stop_output(partition, entry.offset, reason)
        partition.phase = Phase.STOPPED
        partition.parked.clear()
        self._reins.pause(partition)

    def _admit(self, partition: Partition, message: Message, now_ms: int, entries: list[Entry]) -> None:
        try:
            entry = self._reception.admit(partition, message, now_ms)
            entries.append(entry)
            if partition.window is not None:
                self._watch_dead_letters(partition, entry)
        except SchemaPending as pending:
            partition.parked.append(message)
            self._asker.ask(pending.schema_id, partition)
            self._reins.pause(partition)

    def _unpark(self) -> None:
        now_ms, entries = steady_clock.now_ms(), list[Entry]()
        for partition in self._asker.take():
            messages, partition.parked = partition.parked, type(partition.parked)()
            for message in messages if partition.owned else ():
                if partition.phase is not Phase.RUNNING:
                    break
                if partition.parked:
                    partition.parked.append(message)
                else:
                    self._admit(partition, message, now_ms, entries)
            if partition.phase is Phase.RUNNING and not partition.parked and not self._room.full:
                self._reins.resume(partition)
        self._pipeline.offer(entries, time.monotonic(), backlog=False)

    def _read_error(self, error: KafkaError, message: Message, entries: list[Entry]) -> None:
        # A consumer whose slot was taken says so by this code, and does not call the error fatal.
        if error.fatal() or error.code() == KafkaError._FATAL:
            raise KafkaException(error)
        partition = self._ownership.get(message.topic() or "", message.partition() or 0)
        running = partition is not None and partition.phase is Phase.RUNNING
        if error.code() == KafkaError._PARTITION_EOF:
            if partition is not None and running:
                self._timers.read_to(partition, message.offset() or 0)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            # Ordinary while a partition is being restored: its position is ours to set.
            if partition is not None and running:
                partition.phase = Phase.FAILED
                log.error("a partition's offset is out of the log's range", partition=str(partition), error=str(error))
        elif error.code() in UNREADABLE_BATCH and partition is not None and running:
            entries.append(self._reception.bury_unread(partition, str(error)))
            self._reins.go_to(partition, partition.position + 1)
        else:
            log.warning("read error", error=str(error), topic=message.topic(), partition=message.partition())
