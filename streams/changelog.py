"""Reads one partition's tail of a lane's changelogs, up to what is committed now."""

import time
from typing import Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.binding import Binding
from streams.partition import Partition
from streams.polling import poll_many
from streams.repeats.record import AnswersUnreadable, unpack

REQUEST_SECONDS = 5.0
CHUNK = 256

log = structlog.get_logger(__name__)


class ChangelogReader(Protocol):
    """Brings a partition's memory to what is committed."""

    def bring_up(self, partition: Partition) -> None:
        """Blocks until the partition's stores hold everything that was committed. Raises KafkaException."""


class NoChangelog:
    """For a lane that remembers nothing."""

    def bring_up(self, partition: Partition) -> None:
        """Nothing to read."""


class AnswersReader:
    """Reads answers into a partition's book; `consumer` is this reader's own, `read_committed`, with EOF events."""

    def __init__(self, binding: Binding, consumer: Consumer) -> None:
        self._binding = binding
        self._consumer = consumer

    def bring_up(self, partition: Partition) -> None:
        """Reads from where the book stands to the end of the changelog's partition."""
        place = TopicPartition(self._binding.repeats, partition.number)
        low, high = self._consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS)
        start = max(low, partition.changelog_position)
        if start < high:
            self._read(partition, start, high)
        partition.changelog_position = max(start, partition.changelog_position)

    def _read(self, partition: Partition, start: int, high: int) -> None:
        place = TopicPartition(self._binding.repeats, partition.number, start)
        began, count = time.monotonic(), 0
        self._consumer.assign([place])
        try:
            while partition.owned:
                for message in poll_many(self._consumer, CHUNK, 0.2):
                    error = message.error()
                    if error is not None:
                        if error.code() == KafkaError._PARTITION_EOF:
                            partition.changelog_position = message.offset() or high
                            return
                        raise KafkaException(error)
                    count += self._learn(partition, message)
                    partition.changelog_position = (message.offset() or 0) + 1
        finally:
            self._consumer.unassign()
            log.debug("answers restored", partition=partition.number, answers=count, seconds=time.monotonic() - began)

    def _learn(self, partition: Partition, message: Message) -> int:
        if message.key() != partition.topic.encode():
            return 0
        try:
            answers = list(unpack(message.value() or b""))
        except AnswersUnreadable as error:
            log.error("a changelog record was passed over", offset=message.offset(), error=str(error))
            return 0
        partition.book.learn(answers, time.time_ns() // 1_000_000)
        return len(answers)
