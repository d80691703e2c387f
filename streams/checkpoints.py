"""Local checkpoints of what a partition remembers, so that a restart reads the tail of the changelog and no more.

A checkpoint is written when as much was learnt since the last one as the store holds: that bounds both the writing and
the tail. It may be lost, or be another's: then the changelog is read from its beginning.
"""

from pathlib import Path

import structlog
from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from streams import steady_clock
from streams.binding import Binding
from streams.partition import Ownership, Partition
from streams.repeats.record import AnswersUnreadable
from streams.state.checkpoint import Identity, Unusable, open_checkpoint, write_checkpoint
from streams.state.wire import StateUnreadable

REQUEST_SECONDS = 5.0
LEAST_ENTRIES = 1_000

log = structlog.get_logger(__name__)


class Checkpoints:
    """The checkpoints of one lane in one slot. Every method blocks on the disk; not for the hot path."""

    def __init__(self, directory: Path, binding: Binding, admin: AdminClient, ownership: Ownership) -> None:
        self._directory = directory / binding.group
        self._binding = binding
        self._admin = admin
        self._ownership = ownership
        self._origins: dict[str, str] = {}

    def load(self, partition: Partition, topic: str, low: int, high: int) -> int:
        """Fills the partition from its checkpoint; the offset of `topic`, a changelog, to go on reading from."""
        identity = self._identity(partition, topic)
        found = open_checkpoint(identity.path(self._directory), identity)
        if isinstance(found, Unusable):
            if not found.missing:
                log.warning("a checkpoint is passed over", partition=str(partition), reason=found.reason)
            return low
        with found:
            # Answers that the changelog has dropped are out of retention; a gap in state would lose something.
            misfit = found.misfit(high, low if topic == self._binding.state else None)
            if misfit is not None:
                log.warning("a checkpoint is passed over", partition=str(partition), reason=misfit)
                return low
            try:
                for block in found.blocks():
                    partition.restore_block(topic, self._binding, block)
            except (AnswersUnreadable, StateUnreadable) as error:
                log.warning("a checkpoint is passed over", partition=str(partition), reason=str(error))
                return low
            return max(low, found.offset)

    def save_due(self, partitions: list[Partition]) -> None:
        """Writes those checkpoints that are due."""
        for partition in partitions:
            if partition.owned and partition.learnt >= max(LEAST_ENTRIES, partition.entries):
                self.save(partition)

    def save(self, partition: Partition) -> None:
        """Writes the partition's checkpoints as of the last commit. Raises KafkaException, and it is due as before."""
        identities = {topic: self._identity(partition, topic) for topic in partition.positions}
        with self._ownership.lock:
            snapshots = partition.snapshots(self._binding)
            positions = dict(partition.positions)
            partition.learnt = 0
        now_ms = steady_clock.now_ms()
        for topic, snapshot in snapshots.items():
            identity = identities[topic]
            path = identity.path(self._directory)
            try:
                write_checkpoint(path, identity, positions.get(topic, 0), now_ms, snapshot.blocks())
            except OSError as error:
                log.warning("a checkpoint was not written", path=str(path), error=str(error))

    def _identity(self, partition: Partition, topic: str) -> Identity:
        kind = "state" if topic == self._binding.state else "repeats"
        return Identity(kind, topic, partition.number, f"{self._origin(topic)}:{partition.topic}")

    def _origin(self, topic: str) -> str:
        if topic not in self._origins:
            described = self._admin.describe_topics(TopicCollection([topic]), request_timeout=REQUEST_SECONDS)
            self._origins[topic] = str(described[topic].result(REQUEST_SECONDS).topic_id)
        return self._origins[topic]
