"""What is measured once a second of the partitions that a lane owns."""

from typing import Any, cast

import pytest
from confluent_kafka import Consumer

from streams import gauges
from streams.gauges import Gauges
from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership, Partition, Phase
from streams.repeats.answer import seal
from streams.repeats.book import AnswerBook, Bounds


class Watermarks:
    """A consumer that knows where every partition ends."""

    def get_watermark_offsets(self, place: Any, *, cached: bool) -> tuple[int, int]:
        assert cached, "a question to the broker would hold up the poll loop"
        return 0, 10


class Counts:
    """What a lane's metrics were told."""

    def __init__(self) -> None:
        self.evicted, self.lags = 0, dict[int, int]()
        self.shown = (0, 0, 0)

    def evictions(self, number: int) -> None:
        self.evicted += number

    def lag(self, _topic: str, partition: int, records: int) -> None:
        self.lags[partition] = records

    def partitions(self, *counts: int) -> None:
        self.shown = cast("tuple[int, int, int]", counts)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> tuple[Gauges, Counts, list[Partition]]:
    """Gauges that measure at every call, over two running partitions with room for three answers each."""
    monkeypatch.setattr(gauges, "EVERY_SECONDS", -1.0)
    ownership, counts = Ownership(), Counts()
    partitions = [Partition("asked", number, AnswerBook(Bounds(3, 1_000_000, 1_000_000))) for number in range(2)]
    for one in partitions:
        one.phase, one.position = Phase.RUNNING, 4 + one.number
        ownership.begin(one)
    return Gauges(cast(Consumer, Watermarks()), ownership, cast(LaneMetrics, counts)), counts, partitions


def learn(partition: Partition, first: int, count: int) -> None:
    sealed = seal(b"p" * 16, 1_000, b"answer", failed=False)
    partition.book.learn([(b"%016d" % number, sealed) for number in range(first, first + count)], 1_000)


def test_lag_is_what_is_not_settled(measured: tuple[Gauges, Counts, list[Partition]]) -> None:
    gauge, counts, _ = measured
    gauge.measure()
    assert counts.lags == {0: 6, 1: 5}
    assert counts.shown == (2, 0, 0)


def test_answers_that_found_no_room_are_counted_once(measured: tuple[Gauges, Counts, list[Partition]]) -> None:
    gauge, counts, (first, second) = measured
    learn(first, 0, 5)
    learn(second, 0, 3)
    gauge.measure()
    assert counts.evicted == 2
    learn(second, 3, 1)
    gauge.measure()
    gauge.measure()
    assert counts.evicted == 3


def test_a_partition_that_is_restored_counts_nothing_twice(
    measured: tuple[Gauges, Counts, list[Partition]],
) -> None:
    gauge, counts, (first, _) = measured
    learn(first, 0, 5)
    gauge.measure()
    first.phase, kept = Phase.RESTORING, first.book.evictions
    first.book.evictions = type(kept)()
    gauge.measure()
    first.phase, first.book.evictions = Phase.RUNNING, kept
    gauge.measure()
    assert counts.evicted == 2
