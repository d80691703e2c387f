"""When a micro-batch closes, what it holds, and how long its oldest record has waited."""

from processors.contract import BatchPolicy
from streams.batcher import Batcher, Closed
from streams.entry import Entry
from streams.partition import Partition
from streams.repeats.book import AnswerBook, Bounds

PARTITION = Partition("requests", 0, AnswerBook(Bounds(10, 1_000, 1_000)))


def entries(count: int, *, size: int = 10, cost: int = 1, start: int = 0) -> list[Entry]:
    made = [Entry(PARTITION, start + number, 0, None, size) for number in range(count)]
    for entry in made:
        entry.cost = cost
    return made


def batcher(**policy: float) -> Batcher:
    return Batcher(BatchPolicy(**{"size": 4, "wait_ms": 10.0, "bytes": 1_000, **policy}))  # type: ignore[arg-type]


def test_it_closes_on_size_and_keeps_the_order() -> None:
    one = batcher()
    one.add(entries(3), 1.0)
    assert one.close(1.0, idle=False) is None
    one.add(entries(3, start=3), 2.0)
    closed = one.close(2.0, idle=False)
    assert closed is not None
    assert ([entry.offset for entry in closed.entries], closed.reason) == ([0, 1, 2, 3], Closed.SIZE)
    assert (closed.oldest, closed.bytes, len(one), one.bytes, one.cost) == (1.0, 40, 2, 20, 2)


def test_the_oldest_is_that_of_the_records_that_are_left() -> None:
    one = batcher()
    one.add(entries(3), 1.0)
    one.add(entries(3), 2.0)
    assert (one.oldest(), one.due()) == (1.0, 1.01)
    one.close(2.0, idle=False)
    assert (one.oldest(), one.due()) == (2.0, 2.01)
    one.close(2.0, idle=True)
    assert (one.oldest(), one.due(), len(one)) == (None, None, 0)


def test_records_that_arrived_together_may_leave_apart() -> None:
    one = batcher()
    one.add(entries(9), 1.0)
    one.add(entries(1), 2.0)
    sizes = []
    while (closed := one.close(2.0, idle=True)) is not None:
        sizes.append((len(closed.entries), closed.oldest))
    assert sizes == [(4, 1.0), (4, 1.0), (2, 1.0)]


def test_it_closes_on_age_of_the_oldest() -> None:
    one = batcher()
    one.add(entries(1), 1.0)
    one.add(entries(1), 1.009)
    assert one.close(1.009, idle=False) is None
    closed = one.close(1.01, idle=False)
    assert closed is not None
    assert (closed.reason, len(closed.entries)) == (Closed.AGE, 2)


def test_it_closes_at_its_age_not_after_it() -> None:
    one = batcher(wait_ms=31.25)  # A binary fraction, so that the sum is exact.
    one.add(entries(1), 1.0)
    assert one.due() == 1.03125
    assert one.close(1.03125, idle=False) is not None


def test_cost_bounds_a_batch_but_one_record_always_fits() -> None:
    one = batcher(cost=10)
    one.add(entries(1, cost=25) + entries(2, cost=6), 1.0)
    closed = [one.close(1.0, idle=True) for _ in range(3)]
    assert [(batch.reason, [entry.cost for entry in batch.entries]) for batch in closed if batch] == [
        (Closed.COST, [25]),
        (Closed.COST, [6]),
        (Closed.IDLE, [6]),
    ]


def test_bytes_bound_a_batch() -> None:
    one = batcher(bytes=100)
    one.add(entries(3, size=60), 1.0)
    closed = one.close(1.0, idle=False)
    assert closed is not None
    assert (closed.reason, closed.bytes, one.bytes) == (Closed.BYTES, 60, 120)


def test_nothing_waits_after_clear_and_nothing_closes() -> None:
    one = batcher()
    one.add(entries(3), 1.0)
    one.add([], 2.0)
    one.clear()
    assert (len(one), one.bytes, one.cost, one.oldest()) == (0, 0, 0, None)
    assert one.close(9.0, idle=True, draining=True) is None


def test_draining_closes_what_there_is() -> None:
    one = batcher()
    one.add(entries(1), 1.0)
    closed = one.close(1.0, idle=False, draining=True)
    assert closed is not None
    assert closed.reason is Closed.DRAIN


def test_it_knows_whose_records_wait() -> None:
    one = batcher()
    one.add(entries(1), 1.0)
    other = Partition("requests", 1, PARTITION.book)
    assert one.touches({PARTITION})
    assert not one.touches({other})


def test_bounds_are_met_exactly() -> None:
    one = batcher(bytes=100, cost=10)
    one.add(entries(2, size=50, cost=5), 1.0)
    closed = one.close(1.0, idle=False)
    assert closed is not None
    assert (len(closed.entries), closed.bytes) == (2, 100)


def test_a_record_over_every_bound_goes_alone() -> None:
    one = batcher(bytes=100, cost=10)
    one.add(entries(1) + entries(1, size=900, cost=90, start=1) + entries(1, start=2), 1.0)
    taken = [batch.entries for batch in iter(lambda: one.close(1.0, idle=True), None)]
    assert [[entry.offset for entry in batch] for batch in taken] == [[0], [1], [2]]
    assert (len(one), one.bytes, one.cost) == (0, 0, 0)


def test_without_a_bound_on_cost_it_is_only_counted() -> None:
    one = batcher()
    one.add(entries(3, cost=1 << 40), 1.0)
    assert one.close(1.0, idle=False) is None
    closed = one.close(1.0, idle=True)
    assert closed is not None
    assert (closed.reason, len(closed.entries), one.cost) == (Closed.IDLE, 3, 0)


def test_a_full_batch_says_so_even_while_draining() -> None:
    one = batcher()
    one.add(entries(5), 1.0)
    reasons = [batch.reason for batch in iter(lambda: one.close(1.0, idle=True, draining=True), None)]
    assert reasons == [Closed.SIZE, Closed.DRAIN]
