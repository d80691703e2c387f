"""How fast a contestant's committed output grows, seen from outside: the end offsets that a reader may read up to.

All contestants are measured alike, from the same percentage of their output on, so start-up counts for none.
"""

import time

from confluent_kafka import Consumer, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from bench.programs import Program

EVERY_SECONDS = 0.03
SETTLED_SECONDS = 0.6
FROM, UNTIL = 0.05, 0.99

Curve = list[tuple[float, int]]


class Stalled(RuntimeError):
    """A contestant's output stopped growing before all of it was there."""


class Offsets:
    """Sums of a topic's committed end offsets."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        partitions = self._admin.list_topics(topic, timeout=20).topics[topic].partitions
        self._latest = {TopicPartition(topic, number): OffsetSpec.latest() for number in partitions}

    def end(self) -> int:
        """Everything committed, transaction markers included."""
        futures = self._admin.list_offsets(
            self._latest, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=20
        )
        return sum(future.result(20).offset for future in futures.values())


def watch(bootstrap: str, topic: str, target: int, program: Program, stall_seconds: float = 60.0) -> Curve:
    """Samples the output until it has `target` records and grows no more."""
    offsets = Offsets(bootstrap, topic)
    curve: Curve = [(time.monotonic(), 0)]
    grew = time.monotonic()
    while True:
        end, now = offsets.end(), time.monotonic()
        if end > curve[-1][1]:
            grew = now
        curve.append((now, end))
        if end >= target and now - grew > SETTLED_SECONDS:
            return curve
        if now - grew > stall_seconds:
            raise Stalled(f"{topic} stands at {end} of {target} for {stall_seconds:g} s:\n{program.tail()}")
        program.check()
        time.sleep(EVERY_SECONDS)


def rate(curve: Curve, records: int) -> float:
    """Records a second in the steady part; `records` are those that the curve ends with, without the markers."""
    last = curve[-1][1]
    begin, end = moment(curve, last * FROM), moment(curve, last * UNTIL)
    return (UNTIL - FROM) * records / (end - begin)


def moment(curve: Curve, level: float) -> float:
    """When the output reached a level, between the samples around it."""
    for (earlier, low), (later, high) in zip(curve, curve[1:], strict=False):
        if high >= level:
            return earlier + (later - earlier) * (level - low) / (high - low) if high > low else later
    return curve[-1][0]


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
