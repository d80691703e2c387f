"""The commit order: what may commit, how much at once, and what a batch knows of its records."""

import pytest

from streams.batcher import Closed
from streams.entry import Entry
from streams.flight import Batch, Flight
from streams.output import Output
from streams.partition import Partition
from streams.repeats.book import AnswerBook, Bounds

MANY = 1 << 30


def partition(number: int) -> Partition:
    return Partition("requests", number, AnswerBook(Bounds(10, 1_000, 1_000)))


FIRST, SECOND = partition(0), partition(1)


def entry(offset: int, owner: Partition = FIRST, size: int = 10) -> Entry:
    return Entry(owner, offset, 0, None, size)


def enter(flight: Flight, *entries: Entry, oldest: float = 1.0) -> Batch:
    return flight.enter(list(entries), Closed.SIZE, oldest, sum(one.size for one in entries))


def finished(flight: Flight, count: int, size: int = 10) -> list[Batch]:
    """Batches of two records each, all finished."""
    batches = [enter(flight, entry(2 * n, size=size), entry(2 * n + 1, size=size)) for n in range(count)]
    for batch in batches:
        batch.finished = True
    return batches


def test_a_batch_waits_for_those_ahead_of_it() -> None:
    flight = Flight()
    first, second, third = (enter(flight, entry(offset)) for offset in range(3))
    second.finished = True
    assert flight.ready(MANY, MANY) == []
    first.finished = True
    assert flight.ready(MANY, MANY) == [first, second]
    assert len(flight) == 3
    third.finished = True
    assert flight.ready(MANY, MANY) == [first, second, third]


@pytest.mark.parametrize(
    ("records", "size", "expected"), [(4, MANY, 2), (5, MANY, 2), (6, MANY, 3), (MANY, 40, 2), (MANY, 59, 2)]
)
def test_a_transaction_takes_whole_batches_up_to_its_bounds(records: int, size: int, expected: int) -> None:
    flight = Flight()
    batches = finished(flight, 3)
    assert flight.ready(records, size) == batches[:expected]


def test_a_batch_over_the_bounds_commits_alone() -> None:
    flight = Flight()
    batches = finished(flight, 2, size=100)
    assert flight.ready(1, MANY) == batches[:1]
    assert flight.ready(MANY, 1) == batches[:1]


def test_leaving_keeps_count_and_order() -> None:
    flight = Flight()
    first, second, third = finished(flight, 3)
    assert (len(flight), flight.records, flight.bytes) == (3, 6, 60)
    flight.leave([first, second])
    assert (len(flight), flight.records, flight.bytes) == (1, 2, 20)
    assert flight.ready(MANY, MANY) == [third]


def test_leaving_out_of_order_is_refused() -> None:
    flight = Flight()
    first, second = finished(flight, 2)
    with pytest.raises(AssertionError, match=f"batch {second.number} was committed out of order"):
        flight.leave([second])
    assert first.number < second.number


def test_numbers_go_on_in_the_next_flight() -> None:
    flight = Flight()
    enter(flight, entry(0))
    last = enter(flight, entry(1))
    assert enter(Flight(flight.number), entry(2)).number == last.number + 1


def test_the_oldest_is_the_front_batch_s() -> None:
    flight = Flight()
    assert flight.oldest() is None
    first = enter(flight, entry(0), oldest=3.0)
    enter(flight, entry(1), oldest=4.0)
    assert flight.oldest() == 3.0
    flight.leave([first])
    assert flight.oldest() == 4.0


def test_a_batch_ends_each_partition_after_its_last_record() -> None:
    flight = Flight()
    batch = enter(flight, entry(3), entry(7, SECOND), entry(4), entry(9))
    assert batch.ends == {FIRST: 10, SECOND: 8}
    assert all(one.batch is batch for one in batch.entries)
    assert flight.touches({SECOND, partition(2)})
    assert not flight.touches({partition(1)}), "another epoch of the same partition"


def test_a_batch_is_owned_while_all_its_epochs_are() -> None:
    ours, theirs = partition(0), partition(1)
    batch = enter(Flight(), entry(0, ours), entry(0, theirs))
    assert batch.owned
    theirs.owned = False
    assert not batch.owned


def test_outputs_are_the_answers_in_order_then_what_the_handler_emits() -> None:
    first, last, emitted = (Output(topic, b"", None, -1, []) for topic in ("first", "last", "emitted"))
    batch = enter(Flight(), entry(0), entry(1), entry(2))
    batch.answers, batch.emissions = [first, None, last], [emitted]
    assert list(batch.outputs()) == [first, last, emitted]


def test_a_batch_knows_that_one_of_its_records_stops_a_partition() -> None:
    stopping = entry(1)
    stopping.stop = Output("control", b"", None, -1, [])
    assert enter(Flight(), entry(0), stopping).stops
    assert not enter(Flight(), entry(2)).stops
