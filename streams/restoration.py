"""Brings an owned partition to exactly its committed offset: after an assignment, and after every abort.

In this order: end the open transaction of a dead slot that committed this partition last; read the committed offset
(a pending one is waited for); put our own slot beside it, so that our successor can do the same; read the partition's
part of the changelog. Runs on a thread of its own, since all of it waits for the broker. A partition that can't be
restored yet is tried again after a while, and holds up no other; with new clients, since librdkafka's may be of no use
for ever after a broker was away ("No leaders found", long after there is one).
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import SluicegateError
from streams.changelog import ChangelogMissing, Changelogs
from streams.checkpoints import Checkpoints
from streams.client.errors import ClientError
from streams.membership import Membership
from streams.offset_metadata import slot_of
from streams.partition import Ownership, Partition, Phase
from streams.renewable import Renewable
from streams.succession import Succession

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
REQUEST_SECONDS = 5.0
CHECKPOINT_SECONDS = 2.0
NOT_NOW = (KafkaException, TimeoutError, ChangelogMissing, ClientError)
"""What may be otherwise a moment later."""

log = structlog.get_logger(__name__)


class OffsetOutOfRange(SluicegateError):
    """A committed offset outside the log: records were deleted unread, or the topic was made anew."""


class Sources(NamedTuple):
    """What a partition is restored from, all with clients of their own; `stable` waits for pending offsets."""

    stable: Consumer
    succession: Succession
    changelogs: Changelogs
    checkpoints: Checkpoints


@dataclass(slots=True, eq=False)
class Task:
    """A partition to restore, for the ticket that it had; not `before` that time (seconds, monotonic)."""

    partition: Partition
    ticket: int
    before: float = 0.0
    pause: float = FIRST_PAUSE

    @property
    def wanted(self) -> bool:
        """Whether it is still ours, and nobody asked again."""
        return self.partition.owned and self.ticket == self.partition.ticket


@dataclass(slots=True)
class Delayed:
    """A partition that can't be restored now, and why; it is tried again."""

    partition: Partition
    ticket: int
    reason: str


@dataclass(slots=True)
class Restored:
    """A partition that may run from `offset`, unless an operator must see to it first."""

    partition: Partition
    offset: int
    ticket: int
    problem: SluicegateError | None = None
    stopped: bool = False


class Restoration(threading.Thread):
    """Restores partitions that are submitted, and puts them on `restored` for the intake thread to take."""

    def __init__(
        self,
        lane: str,
        membership: Membership,
        make_sources: Callable[[], Sources],
        ownership: Ownership,
        slot_note: str,
        settled: threading.Event,
        stopped_by_operator: Callable[[str, int], bool],
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name=f"{lane}-restoration", daemon=True)
        self._membership = membership
        self._renewable = Renewable(make_sources)
        self._ownership = ownership
        self._slot_note = slot_note
        self._settled = settled
        self._stopped = stopped_by_operator
        self._on_fatal = on_fatal
        self._submitted: queue.SimpleQueue[list[Task] | None] = queue.SimpleQueue()
        self._waiting: list[Task] = []
        self.restored: queue.SimpleQueue[Restored | Delayed] = queue.SimpleQueue()
        self._ending = threading.Event()

    @property
    def _sources(self) -> Sources:
        return self._renewable.now

    def submit(self, partitions: Sequence[Partition]) -> None:
        """Asks for these partitions; those that are lost meanwhile are dropped."""
        self._submitted.put([Task(partition, partition.ticket) for partition in partitions])

    def stop(self, timeout: float) -> None:
        """Ends the thread."""
        self._ending.set()
        self._submitted.put(None)
        self.join(timeout)

    def run(self) -> None:
        """Restores what is submitted or due again, and writes checkpoints that are due in between.

        An error of ours ends the lane.
        """
        try:
            while not self._ending.is_set():
                self._step()
        except BaseException as error:
            self._on_fatal(error)

    def _step(self) -> None:
        try:
            tasks = self._submitted.get(timeout=self._patience())
        except queue.Empty:
            tasks = []
        due = self._take_due()
        if tasks or due:
            # What is new comes first: what failed before may take its time to fail again.
            self._restore_settled([*(tasks or []), *due])
        else:
            self._save_due()

    def _patience(self) -> float:
        now = time.monotonic()
        return max(0.0, min([CHECKPOINT_SECONDS, *(task.before - now for task in self._waiting)]))

    def _take_due(self) -> list[Task]:
        now = time.monotonic()
        due = [task for task in self._waiting if task.before <= now]
        self._waiting = [task for task in self._waiting if task.before > now and task.wanted]
        return due

    def _save_due(self) -> None:
        try:
            self._sources.checkpoints.save_due([p for p in self._ownership.all() if p.phase is Phase.RUNNING])
        except NOT_NOW as error:
            log.warning("checkpoints wait for the cluster", error=str(error))
            self._renewable.renew_after(error)

    def _restore_settled(self, tasks: list[Task]) -> None:
        """Restores them once no earlier transaction of ours can be open."""
        while not self._settled.wait(0.2):
            if self._ending.is_set():
                return
        wanted = [task for task in tasks if task.wanted]
        if wanted:
            self._restore(wanted)

    def _restore(self, tasks: list[Task]) -> None:
        """Tries each: together what the cluster is asked together, each alone if that fails."""
        places = [TopicPartition(task.partition.topic, task.partition.number) for task in tasks]
        try:
            self._sources.succession.end_dead_transactions(places)
            committed = self._sources.stable.committed(places, timeout=REQUEST_SECONDS)
        except NOT_NOW as error:
            if len(tasks) == 1:
                self._delay(tasks[0], error)
                return
            for task in tasks:
                if not self._ending.is_set():
                    self._restore([task])
            return
        for task, place in zip(tasks, committed, strict=True):
            try:
                if task.wanted:
                    self._restore_one(task.partition, task.ticket, place)
            except NOT_NOW as error:
                self._delay(task, error)

    def _delay(self, task: Task, error: Exception) -> None:
        reason = str(error) or repr(error)
        log.warning("a partition waits to be restored", partition=str(task.partition), error=reason, pause=task.pause)
        self.restored.put(Delayed(task.partition, task.ticket, reason))
        task.before = time.monotonic() + task.pause
        task.pause = min(task.pause * 2, LONGEST_PAUSE)
        self._waiting.append(task)
        self._renewable.renew_after(error)

    def _restore_one(self, partition: Partition, ticket: int, committed: TopicPartition) -> None:
        place = TopicPartition(partition.topic, partition.number)
        if committed.error is not None:
            raise KafkaException(committed.error)
        low, high = self._sources.stable.get_watermark_offsets(place, timeout=REQUEST_SECONDS)
        offset = committed.offset if committed.offset >= 0 else low
        if not low <= offset <= high:
            problem = OffsetOutOfRange(
                f"{partition.topic}[{partition.number}]: the committed offset {offset} is outside the log "
                f"({low} to {high}): records were deleted before they were read. Look at the topic's retention, then "
                f"set the group's offset with `sluicegate kafka-tool consumer-groups --reset-offsets`"
            )
            self.restored.put(Restored(partition, offset, ticket, problem))
            return
        if committed.offset < 0 or slot_of(committed.metadata) != slot_of(self._slot_note):
            self._claim(partition, offset)
        self._sources.changelogs.bring_up(partition)
        stopped = self._stopped(partition.topic, partition.number)
        self.restored.put(Restored(partition, offset, ticket, stopped=stopped))

    def _claim(self, partition: Partition, offset: int) -> None:
        claim = TopicPartition(partition.topic, partition.number, offset, self._slot_note)
        if partition.owned:
            self._membership.commit([claim], REQUEST_SECONDS)
