"""Who is blamed, and how often the innocent are run again, over generated batches, poisons and outside kills."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.host.bisection import LONGEST_WATCH_SECONDS, STRIKES, Bisection, Death, Group

Record = tuple[int, int]
VICES = ["raise", "crash", "kill", "hang", "large"]
DEATHS = {"crash": Death.CRASHED, "kill": Death.KILLED, "hang": Death.OVERRAN}


class World:
    """A host in a simulation: runs what the bisection sends, one step at a time, and dies of what it must."""

    def __init__(self, vices: dict[Record, str], slots: int, fits: int = 10_000) -> None:
        self.bisection = Bisection(slots)
        self.vices = vices
        self.fits = fits
        self.now = 0.0
        self.runs: Counter[Record] = Counter()
        self.blamed: dict[Record, str] = {}
        self.completed: set[Record] = set()
        self.suspected: set[Record] = set()

    def send_all(self) -> None:
        while (group := self.bisection.next(self.now)) is not None:
            flight = self.bisection.flight
            suspected = any(self.suspected.intersection(records_of(each)) for each in flight)
            assert len(flight) == 1 or not suspected, "something ran beside a suspect"
            self.runs.update(records_of(group))

    def step(self) -> bool:
        """Let the oldest group in flight end as it must. False when there was nothing to do."""
        self.now += 0.01
        self.send_all()
        if not self.bisection.flight:
            self.now += self.bisection.watch_left(self.now)
            self.send_all()
        if not self.bisection.flight:
            return False
        deadly = [self.deadly(group) for group in self.bisection.flight]
        if death := next((vice for vice in deadly if vice), None):
            self.die(DEATHS[death], death)
        else:
            self.end(self.bisection.flight[0])
        return True

    def deadly(self, group: Group) -> str | None:
        return next((vice for record in records_of(group) if (vice := self.vices.get(record)) in DEATHS), None)

    def end(self, group: Group) -> None:
        records = records_of(group)
        if any(self.vices.get(record) == "raise" for record in records):
            if self.bisection.raised(group, self.now):
                self.blame(group, "raise")
        elif group.size > self.fits or any(self.vices.get(record) == "large" for record in records):
            if self.bisection.out_of_memory(group, self.now):
                self.blame(group, "large")
        else:
            self.bisection.completed(group, self.now)
            assert not self.completed & set(records), "a record was answered twice"
            self.completed.update(records)

    def die(self, death: Death, vice: str) -> None:
        self.suspected.update(record for group in self.bisection.flight for record in records_of(group))
        if guilty := self.bisection.died(death, 0.01):
            self.blame(guilty, vice)
        self.bisection.started(self.now)

    def blame(self, group: Group, vice: str) -> None:
        assert group.size == 1
        self.blamed[group.job, group.low] = vice


def records_of(group: Group) -> list[Record]:
    return [(group.job, row) for row in range(group.low, group.high)]


batches = st.lists(st.integers(1, 70), min_size=1, max_size=5)


def run_to_the_end(world: World, sizes: list[int]) -> set[Record]:
    for job, size in enumerate(sizes):
        world.bisection.submit(job, size)
    while world.step():
        pass
    assert world.bisection.load == 0
    return {(job, row) for job, size in enumerate(sizes) for row in range(size)}


@settings(deadline=None, max_examples=300)
@given(batches, st.integers(1, 4), st.data())
def test_each_poison_is_blamed_for_its_own_vice_and_every_other_record_completes(
    sizes: list[int], slots: int, data: st.DataObject
) -> None:
    everyone = [(job, row) for job, size in enumerate(sizes) for row in range(size)]
    vices = data.draw(st.dictionaries(st.sampled_from(everyone), st.sampled_from(VICES), max_size=4))
    world = World(vices, slots)
    records = run_to_the_end(world, sizes)
    assert world.blamed == vices
    assert world.completed == records - set(vices)


@settings(deadline=None, max_examples=300)
@given(batches, st.integers(1, 4), st.sampled_from(VICES), st.data())
def test_the_neighbours_of_a_poison_are_run_at_most_log2_n_times_more(
    sizes: list[int], slots: int, vice: str, data: st.DataObject
) -> None:
    everyone = [(job, row) for job, size in enumerate(sizes) for row in range(size)]
    guilty = data.draw(st.sampled_from(everyone))
    world = World({guilty: vice}, slots)
    for job, row in run_to_the_end(world, sizes) - {guilty}:
        same_batch = job == guilty[0]
        most = max(1, math.ceil(math.log2(sizes[job]))) if same_batch else 1
        assert world.runs[job, row] <= 1 + most
    most_for_guilty = math.ceil(math.log2(sizes[guilty[0]])) + max(STRIKES.values()) + 1
    assert world.runs[guilty] <= most_for_guilty


@settings(deadline=None, max_examples=300)
@given(batches, st.integers(1, 4), st.lists(st.integers(0, 6), max_size=STRIKES[Death.KILLED] - 1))
def test_fewer_kills_from_outside_than_strikes_blame_nobody_however_they_are_aimed(
    sizes: list[int], slots: int, pauses: list[int]
) -> None:
    world = World({}, slots)
    for job, size in enumerate(sizes):
        world.bisection.submit(job, size)
    for pause in pauses:
        for _ in range(pause):
            world.step()
        world.send_all()
        world.die(Death.KILLED, "kill")
    while world.step():
        pass
    assert not world.blamed
    assert len(world.completed) == sum(sizes)


@pytest.mark.parametrize("kills_per_run", [0.3, 1.0, 3.0])
def test_a_storm_of_a_hundred_random_kills_blames_the_innocent_less_than_once_in_a_hundred_storms(
    kills_per_run: float,
) -> None:
    """Each run takes 1 s; the killer strikes at exponential intervals, also while the host is watched or starts."""
    blamed = sum(blamed_in_storm(random.Random(seed), kills_per_run) > 0 for seed in range(150))
    assert blamed <= 1


def blamed_in_storm(chance: random.Random, kills_per_run: float) -> int:
    bisection = Bisection(2)
    bisection.submit(0, 16)
    now, start_seconds, kills, blamed = 0.0, 0.2, 0, 0
    next_kill = chance.expovariate(kills_per_run)
    while bisection.load:
        group = bisection.next(now)
        begin, lasts = now, 1.0 if group else bisection.watch_left(now)
        if kills < 100 and next_kill < now + lasts:
            now, kills = next_kill, kills + 1
            blamed += bisection.died(Death.KILLED, now - begin if group else 0.0) is not None
            now, next_kill, kills = restart(bisection, chance, now, start_seconds, kills_per_run, kills)
        else:
            now += max(lasts, 1e-6)
            if group:
                bisection.completed(group, now)
    return blamed


def restart(
    bisection: Bisection, chance: random.Random, now: float, seconds: float, rate: float, kills: int
) -> tuple[float, float, int]:
    """Start the host anew until nothing kills it meanwhile. Returns when it is ready, the next kill, and all kills."""
    kill = now + chance.expovariate(rate)
    while kills < 100 and kill < now + seconds:
        now, kills = kill, kills + 1
        bisection.died(Death.KILLED)
        kill = now + chance.expovariate(rate)
    bisection.started(now + seconds)
    return now + seconds, max(kill, now + seconds), kills


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 200), st.integers(1, 64), st.integers(1, 3))
def test_what_does_not_fit_is_halved_and_the_size_that_fits_is_remembered(size: int, fits: int, slots: int) -> None:
    world = World({}, slots, fits)
    run_to_the_end(world, [size])
    assert not world.blamed
    assert len(world.completed) == size
    limit = world.bisection.capacity.limit
    if size <= fits:
        assert limit is None
        return
    assert limit is not None
    assert fits / 2 < limit + 1 <= fits + 1
    before = world.runs.total()
    world.bisection.submit(1, size)
    while world.step():
        pass
    assert world.runs.total() - before == size, "a batch was sent again that was known not to fit"


@settings(deadline=None, max_examples=100)
@given(st.integers(2, 64), st.integers(1, 64))
def test_one_large_record_teaches_nothing_about_the_others(size: int, place: int) -> None:
    world = World({(0, place % size): "large"}, slots=2)
    run_to_the_end(world, [size])
    assert world.bisection.capacity.limit is None


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 64), st.integers(1, 64))
def test_a_job_that_nobody_waits_for_is_not_run_again(first: int, second: int) -> None:
    bisection = Bisection(2)
    bisection.submit(0, first)
    bisection.submit(1, second)
    assert [bisection.next(0.0), bisection.next(0.0)] == [Group(0, 0, first), Group(1, 0, second)]
    bisection.drop(0)
    bisection.died(Death.CRASHED, 0.0, dropped=[0])
    assert bisection.load == second


def test_a_host_that_is_killed_while_it_does_nothing_clears_the_suspect() -> None:
    bisection, now = Bisection(), 0.0
    bisection.submit(1, 1)
    for strikes in range(STRIKES[Death.KILLED]):
        group = bisection.next(now := now + 2 * LONGEST_WATCH_SECONDS)
        assert group is not None
        assert group.strikes == max(0, strikes - 1)
        assert bisection.died(Death.KILLED, 0.1) is None
        bisection.started(now)
    assert bisection.died(Death.KILLED) is None
    bisection.started(now)
    group = bisection.next(now + 2 * LONGEST_WATCH_SECONDS)
    assert group is not None
    assert group.strikes == 0
