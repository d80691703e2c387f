"""Brings what a partition remembers to what is committed: from a checkpoint, then from the changelog's tail."""

import time
from typing import Any

import structlog
from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec

from schemas.errors import SluicegateError
from streams.binding import Binding
from streams.checkpoints import Checkpoints
from streams.log_offsets import log_offsets
from streams.partition import Partition
from streams.polling import poll_many
from streams.repeats.record import AnswersUnreadable
from streams.state.wire import StateUnreadable

OffsetSpec: Any = UntypedOffsetSpec
REQUEST_SECONDS = 5.0
OPEN_SECONDS = 5.0
"""How long the end of a changelog may stay behind an open transaction until the partition is tried again."""
CHUNK = 256
MISSING = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)

log = structlog.get_logger(__name__)


class ChangelogMissing(SluicegateError):
    """A partition of the requests has none in a changelog: partitions were added, or the changelog was deleted."""


class Changelogs:
    """Reads a lane's changelogs; `consumer` is this reader's own, `read_committed`, with EOF events."""

    def __init__(
        self,
        binding: Binding,
        consumer: Consumer,
        admin: AdminClient,
        checkpoints: Checkpoints,
        *,
        answers: bool,
        state: bool,
    ) -> None:
        self._binding = binding
        self._consumer = consumer
        self._admin = admin
        self._checkpoints = checkpoints
        self._topics = [binding.repeats] * answers + [binding.state] * state

    def bring_up(self, partition: Partition) -> None:
        """Blocks until the partition's stores hold all that was committed.

        Raises ChangelogMissing, KafkaException, and TimeoutError where an open transaction holds a changelog up.
        """
        for topic in self._topics:
            self._bring_up(partition, topic)

    def _bring_up(self, partition: Partition, topic: str) -> None:
        place = TopicPartition(topic, partition.number)
        low, high = self._ends(place)
        start = partition.positions.get(topic)
        if start is None:
            start = self._checkpoints.load(partition, topic, low, high)
        partition.positions[topic] = max(low, start)
        if partition.positions[topic] < high:
            self._read(partition, topic, high)

    def _ends(self, place: TopicPartition) -> tuple[int, int]:
        try:
            low: int = self._consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS)[0]
            # Not the stable end: a committed transaction's markers may still be on their way to this partition.
            question = {place: OffsetSpec.latest()}
            high = log_offsets(self._admin, question, IsolationLevel.READ_UNCOMMITTED, REQUEST_SECONDS)[place]
        except KafkaException as error:
            if error.args[0].code() not in MISSING:
                raise
            # Asked for the sake of the next try: what a client knows of a topic is minutes old.
            for client in (self._consumer, self._admin):
                client.list_topics(place.topic, timeout=REQUEST_SECONDS)
            raise ChangelogMissing(
                f"its changelog {place.topic} has no partition {place.partition}: run `sluicegate init`, which adds it"
            ) from error
        return low, high

    def _read(self, partition: Partition, topic: str, high: int) -> None:
        began, count = time.monotonic(), 0
        deadline = began + OPEN_SECONDS
        self._consumer.assign([TopicPartition(topic, partition.number, partition.positions[topic])])
        try:
            while partition.owned:
                for message in poll_many(self._consumer, CHUNK, 0.2):
                    if at_end(message):
                        partition.positions[topic] = message.offset() or 0
                        if partition.positions[topic] >= high:
                            return
                        continue
                    count += self._apply(partition, topic, message)
                    partition.positions[topic] = (message.offset() or 0) + 1
                    deadline = time.monotonic() + OPEN_SECONDS
                if time.monotonic() > deadline:
                    raise TimeoutError(f"an open transaction holds {topic}[{partition.number}] up")
        finally:
            self._consumer.unassign()
            seconds = round(time.monotonic() - began, 3)
            log.debug("changelog read", topic=topic, partition=partition.number, entries=count, seconds=seconds)

    def _apply(self, partition: Partition, topic: str, message: Message) -> int:
        try:
            return partition.restore_record(topic, self._binding, message.key(), message.value())
        except (AnswersUnreadable, StateUnreadable) as error:
            log.error("a changelog record was passed over", topic=topic, offset=message.offset(), error=str(error))
            return 0


def at_end(message: Message) -> bool:
    """Whether this is the end of the partition. Raises KafkaException for any other error."""
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:
        return True
    raise KafkaException(error)
