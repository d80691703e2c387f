"""Reads back an answer that was too large to remember, from the topic that it was written to."""

import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.repeats.answer import Location

READ_SECONDS = 5.0
GONE = (KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET, KafkaError._UNKNOWN_PARTITION)


class Recall:
    """One reader for a lane; `consumer` is its own, `read_committed`, with EOF events. Blocks; any thread."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._lock = threading.Lock()

    def fetch(self, location: Location) -> bytes | None:
        """The value at that place, or None when it is no longer there. Raises KafkaException."""
        place = TopicPartition(location.topic, location.partition, location.offset)
        with self._lock:
            self._consumer.assign([place])
            try:
                return self._read(location.offset)
            finally:
                self._consumer.unassign()

    def _read(self, offset: int) -> bytes | None:
        deadline = time.monotonic() + READ_SECONDS
        while time.monotonic() < deadline:
            message = self._consumer.poll(0.2)
            if message is None:
                continue
            error = message.error()
            if error is None:
                return message.value() if message.offset() == offset else None
            if error.code() in GONE:
                return None
            raise KafkaException(error)
        return None
