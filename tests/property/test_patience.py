"""How long it takes to find a record that hangs, by a simulated clock, and that no slow one is blamed for it."""

import math
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from processors.host.bisection import Bisection, Death, Group
from processors.host.patience import LEAST_SECONDS, Patience, standstill_seconds

TIMEOUT = 30.0
HANGS = math.inf


class Device:
    """Runs one batch whose records take so many seconds each; the clock is the sum."""

    def __init__(self, records: list[float], patience: Patience) -> None:
        self.records, self.patience = records, patience
        self.now = 0.0
        self.runs: Counter[int] = Counter()
        self.blamed: set[int] = set()
        self.completed: set[int] = set()

    def run(self) -> None:
        """Until every record is answered."""
        bisection = Bisection(2)
        bisection.submit(0, len(self.records))
        while (group := bisection.next(self.now)) is not None:
            self.runs.update(range(group.low, group.high))
            takes, may = sum(self.records[group.low : group.high]), self.patience.seconds(group)
            self.now += min(takes, may)
            if takes <= may:
                self.patience.completed(group, takes)
                bisection.completed(group, self.now)
                self.completed.update(range(group.low, group.high))
                continue
            self.patience.overran(group)
            if (guilty := bisection.died(Death.OVERRAN, may)) is not None:
                self.blamed.add(guilty.low)


def healthy(size: int, seconds: float) -> Patience:
    """The patience of a host that has run full batches without trouble."""
    patience = Patience(TIMEOUT)
    for _ in range(3):
        patience.completed(Group(0, 0, size), seconds)
    return patience


@settings(deadline=None, max_examples=300)
@given(st.integers(2, 200), st.integers(0, 199), st.floats(0.0, 0.2))
def test_a_record_that_hangs_costs_about_twice_the_time_out(size: int, place: int, usual: float) -> None:
    device = Device([usual / size] * size, healthy(size, usual))
    device.records[place % size] = HANGS
    device.run()
    assert device.blamed == {place % size}
    assert device.now <= 2 * TIMEOUT + math.ceil(math.log2(size)) * LEAST_SECONDS + 2 * usual


@settings(deadline=None, max_examples=300)
@given(st.integers(2, 200), st.integers(0, 199), st.floats(0.0, TIMEOUT / 2), st.booleans())
@example(size=64, place=63, usual=TIMEOUT / 2, known=True)
def test_it_never_costs_more_than_the_standstill_that_is_allowed_for(
    size: int, place: int, usual: float, known: bool
) -> None:
    """Healthy runs take up to half of the time-out, and are known or not."""
    device = Device([usual / size] * size, healthy(size, usual) if known else Patience(TIMEOUT))
    device.records[place % size] = HANGS
    device.run()
    assert device.blamed == {place % size}
    assert device.now <= standstill_seconds(TIMEOUT)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.one_of(st.floats(0.0, 0.1), st.floats(0.0, TIMEOUT), st.just(HANGS)), min_size=1, max_size=70),
    st.floats(0.0, 1.0),
)
def test_only_records_that_take_longer_than_the_time_out_are_blamed_and_neighbours_run_log2_n_times_more(
    records: list[float], usual: float
) -> None:
    device = Device(records, healthy(64, usual))
    device.run()
    hanging = {row for row, seconds in enumerate(records) if seconds > TIMEOUT}
    assert device.blamed == hanging
    assert device.completed == set(range(len(records))) - hanging
    assert max(device.runs.values()) <= 1 + max(1, math.ceil(math.log2(len(records))))


@settings(deadline=None, max_examples=100)
@given(st.integers(4, 128), st.floats(1.1, 3.0))
@example(size=5, times=3.0)
def test_a_batch_that_is_slow_as_a_whole_is_not_cut_to_single_records(size: int, times: float) -> None:
    """Each of its records is healthy, and slower than they were: the first parts that end teach patience."""
    device = Device([times * TIMEOUT / size] * size, healthy(size, 0.1))
    device.run()
    assert len(device.completed) == size
    most_parts = 2 * math.ceil(math.log2(size))
    assert sum(1 for row in device.runs.values() if row > 2 + math.log2(size)) == 0
    # Beside the work itself: the batch's own time-out, and parts that are still too large for one.
    assert device.now <= (2 + 2 * times) * TIMEOUT + most_parts * LEAST_SECONDS


def test_a_record_alone_has_the_whole_time_out_and_so_has_a_batch_at_first() -> None:
    patience = healthy(64, 0.01)
    assert patience.seconds(Group(0, 0, 64)) == TIMEOUT
    assert patience.seconds(Group(0, 3, 4, alone=True, overran=64)) == TIMEOUT
    assert patience.seconds(Group(0, 0, 32, alone=True, overran=64)) == LEAST_SECONDS


def test_no_part_has_more_than_the_time_out_even_if_that_is_less_than_a_second() -> None:
    patience = Patience(0.5)
    assert patience.seconds(Group(0, 0, 8, alone=True, overran=16)) == 0.5
