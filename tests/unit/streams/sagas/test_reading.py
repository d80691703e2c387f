"""How far back a topic reaches is read from its partitions' first offsets and the records there."""

import math
from collections.abc import Iterable, Iterator
from typing import cast

from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.spans import Place, Span
from streams.sagas.horizon import Horizon
from streams.sagas.reading import horizon


class Cluster:
    """One topic: the first offset of each partition, and what each holds."""

    def __init__(self, first: list[int], held: list[list[Record]]) -> None:
        self.first, self.held = first, held

    def partitions(self, topics: Iterable[str]) -> list[Place]:
        return [(topic, number) for topic in topics for number in range(len(self.first))]

    def earliest(self, places: Iterable[Place]) -> dict[Place, int]:
        return {place: self.first[place[1]] for place in places}

    def spans(self, places: Iterable[Place]) -> list[Span]:
        return [Span(*place, self.first[place[1]], 100) for place in places]

    def read(self, wanted: Iterable[Span]) -> Iterator[Record]:
        for span in wanted:
            yield from self.held[span.partition]


def told(first: list[int], held: list[list[Record]]) -> Horizon:
    return horizon(cast(TopicReader, Cluster(first, held)), "t")


def record(partition: int, timestamp: int) -> Record:
    return Record("t", partition, 50, timestamp)


def test_a_topic_that_lost_nothing_is_whole() -> None:
    # An aborted record may come before the first that can be read.
    assert told([0, 0], [[record(0, 7)], []]) == Horizon(2, {})


def test_a_partition_that_lost_records_is_whole_from_its_first_record_on() -> None:
    assert told([0, 40], [[record(0, 7)], [record(1, 8), record(1, 9)]]) == Horizon(2, {1: 8})


def test_of_a_partition_that_holds_nothing_any_more_nothing_is_known() -> None:
    assert told([40], [[]]) == Horizon(1, {0: math.inf})
    assert told([40], [[record(0, -1)]]) == Horizon(1, {0: math.inf})
