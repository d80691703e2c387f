"""Partitions are restored each for itself: one that can't be is tried again, and holds up no other."""

from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams import renewable, restoration
from streams.changelog import ChangelogMissing
from streams.client.errors import ClusterUnreachable
from streams.partition import Ownership, Partition
from streams.repeats.book import AnswerBook, Bounds
from streams.restoration import Delayed, OffsetOutOfRange, Restoration, Restored, Sources
from streams.testing import eventually


class Cluster:
    """All that a restoration asks; partitions in `missing` have no changelog, and those in `unfenced` a live ghost.

    `broken` says of how many of the sources that are made the client is of no use; `fails` is raised by the stops.
    """

    def __init__(self) -> None:
        self.broken = self.made = 0
        self.fails: Exception | None = None
        self.fatal: list[BaseException] = []
        self.missing: set[int] = set()
        self.unfenced: set[int] = set()
        self.brought_up: Counter[int] = Counter()
        self.log = (0, 10)
        self.claims: list[TopicPartition] = []

    def sources(self) -> Sources:
        self.made += 1
        fake = cast(Any, self)
        return Sources(cast(Any, Client(self, self.made)), fake, fake, fake)

    def is_stopped(self, topic: str, number: int) -> bool:
        if self.fails is not None:
            raise self.fails
        return False

    def end_dead_transactions(self, places: Sequence[TopicPartition]) -> None:
        if self.unfenced & {place.partition for place in places}:
            raise KafkaException(KafkaError(KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED))

    def commit(self, offsets: Sequence[TopicPartition], timeout: float) -> None:
        self.claims += offsets

    def bring_up(self, partition: Partition) -> None:
        if partition.number in self.missing:
            raise ChangelogMissing(f"no changelog for {partition.number}: run `sluicegate init`")
        self.brought_up[partition.number] += 1

    def save_due(self, partitions: Sequence[Partition]) -> None:
        """Nothing is ever due."""


class Client:
    """The reader of the sources that were made as the so manieth; the first `broken` ones do not find their way."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        self._cluster, self._number = cluster, number

    def committed(self, places: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        if self._number <= self._cluster.broken:
            raise KafkaException(KafkaError(KafkaError._NOENT, "No leaders found"))
        return [TopicPartition(place.topic, place.partition, 5, "") for place in places]

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        return self._cluster.log


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def restoring(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restoration]:
    monkeypatch.setattr(restoration, "LONGEST_PAUSE", 0.1)
    settled, fake = Event(), cast(Any, cluster)
    settled.set()
    made = Restoration(
        "echo", fake, cluster.sources, Ownership(), "slot=0", settled, cluster.is_stopped, cluster.fatal.append
    )
    made.start()
    yield made
    made.stop(5)
    assert not made.is_alive()


def partitions(count: int) -> list[Partition]:
    return [Partition("requests", number, AnswerBook(Bounds(10, 1_000, 1_000))) for number in range(count)]


class Outcomes:
    """What came out of a restoration so far."""

    def __init__(self, source: Restoration) -> None:
        self._source = source
        self.restored: Counter[int] = Counter()
        self.delayed: dict[int, str] = {}
        self.delays: Counter[int] = Counter()

    def look(self) -> "Outcomes":
        while not self._source.restored.empty():
            one = self._source.restored.get()
            if isinstance(one, Restored):
                self.restored[one.partition.number] += 1
            else:
                assert isinstance(one, Delayed)
                self.delayed[one.partition.number] = one.reason
                self.delays[one.partition.number] += 1
        return self


@pytest.mark.parametrize("fault", ["missing", "unfenced"])
def test_one_that_fails_is_told_and_tried_again_and_the_others_are_restored_once(
    cluster: Cluster, restoring: Restoration, fault: str
) -> None:
    getattr(cluster, fault).add(1)
    outcomes = Outcomes(restoring)
    restoring.submit(partitions(4))
    eventually(lambda: set(outcomes.look().restored) == {0, 2, 3} and 1 in outcomes.delayed)
    getattr(cluster, fault).clear()
    eventually(lambda: outcomes.look().restored[1])
    assert set(outcomes.restored.values()) == {1}
    assert set(cluster.brought_up.values()) == {1}
    assert fault == "unfenced" or outcomes.delayed == {1: "no changelog for 1: run `sluicegate init`"}


def test_what_comes_later_is_restored_beside_one_that_waits(cluster: Cluster, restoring: Restoration) -> None:
    cluster.missing.add(0)
    outcomes = Outcomes(restoring)
    first, second, third = partitions(3)
    restoring.submit([first])
    eventually(lambda: outcomes.look().delayed)
    restoring.submit([second, third])
    eventually(lambda: set(outcomes.look().restored) == {1, 2})


def test_one_that_is_lost_or_asked_for_again_is_given_up(cluster: Cluster, restoring: Restoration) -> None:
    cluster.missing |= {0, 1}
    outcomes = Outcomes(restoring)
    lost, again = partitions(2)
    restoring.submit([lost, again])
    eventually(lambda: len(outcomes.look().delayed) == 2)
    lost.owned = False
    again.ticket += 1
    cluster.missing.clear()
    restoring.submit([again])
    eventually(lambda: outcomes.look().restored[1] == 1)
    assert outcomes.restored[0] == 0
    assert cluster.brought_up == {1: 1}


@pytest.mark.parametrize("log", [(6, 10), (0, 4)], ids=["deleted unread", "made anew"])
def test_a_committed_offset_outside_the_log_is_a_problem_to_be_seen(
    cluster: Cluster, restoring: Restoration, log: tuple[int, int]
) -> None:
    cluster.log = log
    restoring.submit(partitions(1))
    found = restoring.restored.get(timeout=10)
    assert isinstance(found, Restored)
    assert isinstance(found.problem, OffsetOutOfRange)
    assert f"the committed offset 5 is outside the log ({log[0]} to {log[1]})" in str(found.problem)
    assert cluster.claims == []


def test_our_own_slot_is_put_beside_the_committed_offset(cluster: Cluster, restoring: Restoration) -> None:
    restoring.submit(partitions(1))
    found = restoring.restored.get(timeout=10)
    assert isinstance(found, Restored)
    assert (found.offset, found.problem) == (5, None)
    assert [(claim.offset, claim.metadata) for claim in cluster.claims] == [(5, "slot=0")]


def test_clients_that_are_of_no_use_are_exchanged(
    cluster: Cluster, restoring: Restoration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewable, "RENEW_SECONDS", 0.0)
    cluster.broken = 3
    outcomes = Outcomes(restoring)
    restoring.submit(partitions(2))
    eventually(lambda: set(outcomes.look().restored) == {0, 1})
    assert cluster.made == 4


def test_what_a_client_can_not_help_keeps_it(
    cluster: Cluster, restoring: Restoration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewable, "RENEW_SECONDS", 0.0)
    cluster.unfenced.add(0)
    outcomes = Outcomes(restoring)
    restoring.submit(partitions(1))
    eventually(lambda: outcomes.look().delays[0] > 1)
    assert cluster.made == 1


def test_stops_that_can_not_be_asked_for_are_waited_for(cluster: Cluster, restoring: Restoration) -> None:
    cluster.fails = ClusterUnreachable("nowhere:9092", "timed out")
    outcomes = Outcomes(restoring)
    restoring.submit(partitions(1))
    eventually(lambda: "no Kafka answers at nowhere:9092" in outcomes.look().delayed.get(0, ""))
    cluster.fails = None
    eventually(lambda: outcomes.look().restored[0])
    assert cluster.fatal == []


def test_an_error_of_ours_ends_the_lane(cluster: Cluster, restoring: Restoration) -> None:
    cluster.fails = ZeroDivisionError()
    restoring.submit(partitions(1))
    eventually(lambda: cluster.fatal == [cluster.fails])
