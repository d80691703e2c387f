"""Due times from store and commits; the end of the log is asked of a fake cluster."""

from collections.abc import Iterable
from typing import cast

import pytest

from streams.observability.metrics import Instruments, LaneMetrics
from streams.partition import Ownership, Partition, Phase
from streams.repeats.book import AnswerBook, Bounds
from streams.state.partition import PartitionStore
from streams.state.wire import Change
from streams.timers.clock import ForwardClock
from streams.timers.log_ends import LogEnds, Place
from streams.timers.rules import Caution, Ends
from streams.timers.timekeeper import NEVER_SECONDS, PASS, NoTimers, Timekeeper, TimerSource

TOPIC, STORE = "inbox", "sagas"
NOW = 10_000


def due_of(value: bytes) -> int | None:
    return int(value) if value != b"-" else None


class Clock(ForwardClock):
    def __init__(self) -> None:
        self.now = NOW

    def now_ms(self) -> int:
        return self.now


class Cluster:
    """Where partitions end; a question is answered when the test says so."""

    def __init__(self) -> None:
        self.high: dict[Place, int] = {}
        self.asked: list[Place] = []
        self.asked_ms = 0
        self.waiting = False
        self.silent = False

    def ask(self, places: Iterable[Place], now_ms: int) -> None:
        self.asked, self.asked_ms, self.waiting = list(places), now_ms, True

    def answers(self) -> dict[Place, Ends]:
        if self.silent or not self.waiting:
            return {}
        self.waiting = False
        return {place: Ends(self.asked_ms, self.high[place], self.high[place]) for place in self.asked}


class World:
    """One lane's timers over partitions whose log ends where the test says."""

    def __init__(self) -> None:
        self.clock, self.cluster, self.ownership = Clock(), Cluster(), Ownership()
        self.instruments = Instruments()
        metrics = LaneMetrics("sagas", self.instruments)
        self.keeper = Timekeeper(
            TimerSource(STORE, due_of, is_parked=lambda value: value == b"-"),
            self.ownership,
            cast(LogEnds, self.cluster),
            Caution(),
            metrics,
            self.clock,
        )

    def partition(self, number: int, timers: dict[bytes, int], position: int = 100) -> Partition:
        partition = Partition(TOPIC, number, AnswerBook(Bounds(1, 1, 1)))
        partition.store = PartitionStore(TOPIC, number, (STORE, "other"))
        for key, due_ms in timers.items():
            partition.store.restore(b"%b\0%b" % (STORE.encode(), key), b"%d" % due_ms)
        partition.store.restore(b"other\0key", b"1")
        partition.position, partition.phase = position, Phase.RUNNING
        self.cluster.high[TOPIC, number] = position
        self.ownership.begin(partition)
        self.keeper.restored(partition)
        return partition

    def fired(self) -> list[tuple[int, bytes | None]]:
        """What fires once the end is known."""
        found = self.keeper.take()
        self.clock.now += 20
        return [(one.partition, one.key) for one in [*found, *self.keeper.take()]]

    def commit(self, number: int, *changes: tuple[bytes, bytes | None]) -> None:
        self.keeper.committed({(TOPIC, number): [Change(STORE, key, value) for key, value in changes]})

    def parked(self) -> float | None:
        """How many are shown as parked."""
        self.keeper.take()
        return self.instruments.registry.get_sample_value("sluicegate_sagas_parked", {"lane": "sagas"})


@pytest.fixture
def world() -> World:
    return World()


def test_those_that_wait_for_a_person_are_counted_as_commits_and_owners_change(world: World) -> None:
    partition = world.partition(0, {b"a": NOW + 10**6})
    assert partition.store is not None
    partition.store.restore(b"%b\0b" % STORE.encode(), b"-")
    world.keeper.restored(partition)
    assert world.parked() == 1
    world.commit(0, (b"a", b"-"), (b"c", b"-"))
    assert world.parked() == 3
    world.commit(0, (b"b", b"%d" % (NOW + 10**6)), (b"c", None))
    assert world.parked() == 1
    world.ownership.end([(TOPIC, 0)])
    assert world.parked() == 0


def test_overdue_timers_of_the_store_fire_earliest_first(world: World) -> None:
    world.partition(0, {b"late": NOW - 5, b"later": NOW - 9, b"tomorrow": NOW + 10**6})
    assert world.fired() == [(0, b"later"), (0, b"late")]
    assert world.fired() == []


def test_a_firing_commits_the_last_settled_offset(world: World) -> None:
    partition = world.partition(0, {b"a": NOW - 5}, position=77)
    world.keeper.take()
    (firing,) = world.keeper.take()
    assert (firing.owner, firing.offset + 1, firing.timestamp) == (partition, 77, NOW - 5)


def test_nothing_fires_until_the_end_is_known(world: World) -> None:
    world.cluster.silent = True
    world.partition(0, {b"a": NOW - 5})
    assert world.fired() == []
    world.cluster.silent = False
    assert world.fired() == [(0, b"a")]


def test_nothing_fires_until_the_input_was_read(world: World) -> None:
    partition = world.partition(0, {b"a": NOW - 5}, position=90)
    world.cluster.high[TOPIC, 0] = 100
    assert world.fired() == []
    partition.position = 99  # the last record; the marker of its transaction has offset 99
    assert world.fired() == []
    world.keeper.read_to(partition, 100)
    assert world.fired() == [(0, b"a")]


@pytest.mark.parametrize("hindrance", ["restoring", "stopped", "parked", "lost"])
def test_only_a_partition_that_is_read_fires(world: World, hindrance: str) -> None:
    partition = world.partition(0, {b"a": NOW - 5})
    if hindrance == "parked":
        partition.parked.append("a record whose schema is being asked for")
    elif hindrance == "lost":
        world.ownership.end([(TOPIC, 0)])
    else:
        partition.phase = Phase(hindrance)
    assert world.fired() == []


def test_commits_set_and_drop(world: World) -> None:
    world.partition(0, {b"a": NOW - 5, b"b": NOW - 4})
    world.commit(0, (b"a", None), (b"b", b"-"), (b"c", b"%d" % (NOW - 1)))
    world.keeper.committed({(TOPIC, 0): [Change("other", b"d", b"1")], (TOPIC, 9): [Change(STORE, b"e", b"1")]})
    assert world.fired() == [(0, b"c")]


def test_after_an_abort_the_store_alone_counts(world: World) -> None:
    partition = world.partition(0, {b"a": NOW - 5})
    assert world.fired() == [(0, b"a")]
    partition.phase = Phase.RESTORING
    world.commit(0, (b"b", b"1"))  # of a commit before the abort: the store has it, if it counts
    partition.phase = Phase.RUNNING
    world.keeper.restored(partition)
    assert world.fired() == [(0, b"a")]


def test_many_fire_in_bounded_passes_over_all_partitions(world: World) -> None:
    timers = {b"%d" % number: NOW - 10_000 + number for number in range(2 * PASS)}
    for number in range(4):
        world.partition(number, timers)
    world.keeper.take()
    world.clock.now += 20
    passes = [world.keeper.take() for _ in range(40)]
    assert all(len(one) <= PASS + 4 for one in passes)
    assert {one.partition for one in passes[0]} == {0, 1, 2, 3}
    assert sum(map(len, passes)) == 8 * PASS


def test_a_timer_set_for_the_past_waits_for_a_new_end(world: World) -> None:
    world.partition(0, {b"a": NOW - 5, **{b"%d" % n: NOW - 4 for n in range(2 * PASS)}})
    world.keeper.take()
    world.keeper.take()
    world.commit(0, (b"new", b"%d" % (NOW - 100)))
    world.clock.now += 20
    assert world.keeper.take() == []
    assert world.cluster.waiting
    assert world.keeper.take()[0].key == b"new"


def test_how_long_to_wait(world: World) -> None:
    assert world.keeper.patience() == NEVER_SECONDS
    world.partition(0, {b"a": NOW + 40})
    assert world.keeper.patience() == pytest.approx(0.04)
    world.clock.now = NOW + 40
    world.keeper.take()
    assert world.keeper.patience() < 0.01


def test_a_lane_without_timers_waits_for_none() -> None:
    assert NoTimers().take() == []
    assert NoTimers().patience() == NEVER_SECONDS
