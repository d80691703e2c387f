"""Stops, starts and moves what a lane's consumer fetches, partition by partition."""

from confluent_kafka import Consumer, TopicPartition

from streams.partition import Partition


class Reins:
    """Only the thread that polls the consumer may call."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def pause(self, partition: Partition) -> None:
        """Nothing more is fetched of a partition that is ours."""
        if not partition.paused and partition.owned:
            partition.paused = True
            self._consumer.pause([TopicPartition(partition.topic, partition.number)])

    def resume(self, partition: Partition) -> None:
        """Fetching goes on."""
        if partition.paused:
            partition.paused = False
            self._consumer.resume([TopicPartition(partition.topic, partition.number)])

    def go_to(self, partition: Partition, offset: int) -> None:
        """Fetching goes on from this offset, wherever it was."""
        # Not by seek(): that is lost on a partition whose first offset is still being asked for.
        place = TopicPartition(partition.topic, partition.number, offset)
        self._consumer.incremental_unassign([place])
        self._consumer.incremental_assign([place])
        self._consumer.resume([place])
        partition.paused = False
        partition.position = offset
