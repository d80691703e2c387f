"""How far behind each partition of a lane is, what it forgot for want of room, and how many partitions wait."""

import time
from collections.abc import Sequence

from confluent_kafka import Consumer, TopicPartition

from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership, Partition, Phase

EVERY_SECONDS = 1.0


class Gauges:
    """By the intake thread: measures now and again."""

    def __init__(self, consumer: Consumer, ownership: Ownership, metrics: LaneMetrics) -> None:
        self._consumer, self._ownership, self._metrics = consumer, ownership, metrics
        self._measured = 0.0
        self._evicted: dict[Partition, int] = {}

    def measure(self) -> None:
        """Once a second; otherwise nothing happens."""
        now = time.monotonic()
        if now - self._measured < EVERY_SECONDS:
            return
        self._measured = now
        partitions = self._ownership.all()
        for partition in partitions:
            if partition.phase is Phase.RUNNING:
                place = TopicPartition(partition.topic, partition.number)
                _, high = self._consumer.get_watermark_offsets(place, cached=True)
                self._metrics.lag(partition.topic, partition.number, max(0, high - partition.position))
        self._count_evictions(partitions)
        stopped = sum(partition.phase in (Phase.STOPPED, Phase.FAILED) for partition in partitions)
        waiting = sum(partition.waits_for is not None for partition in partitions)
        self._metrics.partitions(len(partitions), stopped, waiting)

    def _count_evictions(self, partitions: Sequence[Partition]) -> None:
        """Counts what the books let go since the last time; one that is being restored counts later."""
        seen = self._evicted
        self._evicted = {
            one: one.book.evictions.early if one.phase is Phase.RUNNING else seen.get(one, 0) for one in partitions
        }
        fresh = sum(count - seen.get(one, 0) for one, count in self._evicted.items())
        if fresh > 0:
            self._metrics.evictions(fresh)
