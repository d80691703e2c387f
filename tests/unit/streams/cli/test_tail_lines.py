"""What `sluicegate tail` picks, and that its output ends quietly."""

from collections.abc import Iterator
from itertools import count

from streams.cli.tail import at_most, newest
from streams.client.record import Record


def records() -> Iterator[Record | None]:
    for number in count():
        yield None
        yield Record("t", 0, number)


def test_it_stops_with_the_last_record_wanted_and_asks_for_no_more() -> None:
    source = records()
    found = [record.offset for record in at_most(source, 3) if record is not None]
    assert found == [0, 1, 2]
    assert next(source) is None
    assert next(source) == Record("t", 0, 3)


def test_without_a_bound_all_pass() -> None:
    assert len(list(at_most(iter([Record("t", 0, 0), None]), None))) == 2


def test_the_newest_of_all_partitions_come_oldest_first() -> None:
    found = newest(iter([Record("t", 0, 0, 30), Record("t", 1, 0, 10), Record("t", 1, 1, 20)]), 2)
    assert [record.timestamp for record in found] == [20, 30]
