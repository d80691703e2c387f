"""What a lane does when its group gives it partitions, takes some back, or has taken them already."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from confluent_kafka import Consumer, TopicPartition

from streams.adoption import Adoption
from streams.failpoints import passing
from streams.membership import Membership
from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership, Partition
from streams.pipeline import Pipeline
from streams.reins import Reins
from streams.state_keeper import StateKeeper

REVOKE_TURN_SECONDS = 0.02

log = structlog.get_logger(__name__)


class Rebalance:
    """The consumer's callbacks; the thread that polls it calls them."""

    def __init__(
        self,
        pipeline: Pipeline,
        ownership: Ownership,
        keeper: StateKeeper,
        membership: Membership,
        metrics: LaneMetrics,
        reins: Reins,
        adoption: Adoption,
        make_partition: Callable[[str, int], Partition],
        revoke_seconds: float,
        on_assigned: Callable[[], None],
    ) -> None:
        self._pipeline, self._ownership, self._keeper = pipeline, ownership, keeper
        self._membership, self._metrics, self._reins, self._adoption = membership, metrics, reins, adoption
        self._make_partition, self._revoke_seconds, self._on_assigned = make_partition, revoke_seconds, on_assigned

    def assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """These are ours from now on: they are paused until their state is here."""
        consumer.incremental_assign(places)
        partitions = []
        for place in places:
            partition = self._make_partition(place.topic, place.partition)
            self._keeper.assign(partition)
            self._ownership.begin(partition)
            self._reins.pause(partition)
            partitions.append(partition)
        log.info("partitions assigned", partitions=names(places))
        self._adoption.ask(partitions)
        self._metrics.partitions(len(self._ownership.all()))
        self._on_assigned()

    def revoked(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """These are wanted back: what is nearly done of them is waited for, `revoke_seconds` at most."""
        passing("revoke.before")
        keys = [(place.topic, place.partition) for place in places]
        leaving = {partition for key in keys if (partition := self._ownership.get(*key))}
        self._pipeline.hold()
        deadline = time.monotonic() + self._revoke_seconds
        while not self._pipeline.wait_settled(leaving, REVOKE_TURN_SECONDS) and time.monotonic() < deadline:
            self._membership.serve_in_callback(consumer)
        self._end(consumer, keys)
        consumer.incremental_unassign(places)
        log.info("partitions revoked", partitions=names(places))
        passing("revoke.after")

    def lost(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """These are somebody else's already."""
        self._end(consumer, [(place.topic, place.partition) for place in places])
        consumer.incremental_unassign(places)
        log.warning("partitions lost", partitions=names(places))

    def _end(self, consumer: Consumer, keys: list[tuple[str, int]]) -> None:
        meanwhile = partial(self._membership.serve_in_callback, consumer)
        self._adoption.drop(set(self._ownership.end(keys, meanwhile, self._give_up)))
        for topic, number in keys:
            self._keeper.revoke(topic, number)
            self._metrics.forget_partition(topic, number)
        self._metrics.partitions(len(self._ownership.all()))
        if self._pipeline.aborted is None and not self._adoption.waiting:
            self._pipeline.resume(time.monotonic())

    def _give_up(self, ended: list[Partition]) -> None:
        # Under the lock of ownership: given up in the middle of a commit, what that commits would be read again.
        if self._pipeline.holds(set(ended)):
            self._pipeline.abort("revoked")


def names(places: Sequence[TopicPartition]) -> list[str]:
    """Partitions as people read them."""
    return [f"{place.topic}[{place.partition}]" for place in places]
