"""How fast a contestant's committed output grows, seen from outside: the end offsets that a reader may read up to.

All contestants are measured alike, from the same percentage of their output on, so start-up counts for none.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from bench.programs import Program

EVERY_SECONDS = 0.03
SETTLED_SECONDS = 3.0
FROM, UNTIL = 0.05, 0.99


class Stalled(RuntimeError):
    """A contestant's output stopped growing before all of it was there."""


class Offsets:
    """Sums of a topic's committed end offsets."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        partitions = self._admin.list_topics(topic, timeout=20).topics[topic].partitions
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # the library has no types here
        self._latest = {TopicPartition(topic, number): latest for number in partitions}

    def end(self) -> int:
        """Everything committed, transaction markers included; 0 while a new topic has no leader."""
        futures = self._admin.list_offsets(
            self._latest, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=20
        )
        try:
            return sum(future.result(20).offset for future in futures.values())
        except KafkaException as error:
            if error.args[0].code() in (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE):
                return 0
            raise


@dataclass(slots=True)
class Growth:
    """How a topic grew: samples of (time, sum of end offsets); the processor time since the first record."""

    curve: list[tuple[float, int]]
    cpu_seconds: float = 0.0

    def rate(self, records: int) -> float:
        """Records a second in the steady part; `records` are those that it ends with, without the markers."""
        last = self.curve[-1][1]
        return (UNTIL - FROM) * records / (self.moment(last * UNTIL) - self.moment(last * FROM))

    def moment(self, level: float) -> float:
        """When the output reached a level, between the samples around it."""
        for (earlier, low), (later, high) in pairwise(self.curve):
            if high >= level:
                return earlier + (later - earlier) * (level - low) / (high - low) if high > low else later
        return self.curve[-1][0]


def watch(bootstrap: str, topic: str, target: int, programs: Sequence[Program], stall_seconds: float = 60.0) -> Growth:
    """Samples the output until it has `target` records and grows no more."""
    offsets = Offsets(bootstrap, topic)
    found = Growth([(time.monotonic(), 0)])
    grew, used = time.monotonic(), 0.0
    while True:
        end, now = offsets.end(), time.monotonic()
        last = found.curve[-1][1]
        if end > last:
            grew = now
            used = used or cpu_seconds(programs)
        found.curve.append((now, end))
        if end >= target and now - grew > SETTLED_SECONDS:
            found.cpu_seconds = cpu_seconds(programs) - used
            return found
        if now - grew > stall_seconds:
            raise Stalled(f"{topic} stands at {end} of {target} for {stall_seconds:g} s:\n{programs[0].tail()}")
        for program in programs:
            program.check()
        time.sleep(EVERY_SECONDS)


def cpu_seconds(programs: Sequence[Program]) -> float:
    """Processor time that they have used together."""
    return sum(program.cpu_seconds() for program in programs)


def count_records(bootstrap: str, topic: str) -> int:
    """Reads a topic as a `read_committed` reader does, and counts."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-count",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.queue.backoff.ms": 2,
            "queued.max.messages.kbytes": 65_536,
        }
    )
    numbers = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in numbers])
    ended: set[int | None] = set()
    found = 0
    while len(ended) < len(numbers):
        for message in consumer.consume(2_000, 0.2):
            error = message.error()
            if error is None:
                found += 1
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
    consumer.close()
    return found
