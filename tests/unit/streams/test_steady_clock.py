"""A jump of the machine's clock is not believed before it has lasted."""

import re
from pathlib import Path
from typing import Any, cast

import pytest

import streams
from streams import steady_clock
from streams.committer import produce_all
from streams.output import Output
from streams.steady_clock import PATIENCE_NS, SteadyClock

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
START = 1_800_000_000 * SECOND


class Machine:
    """A machine whose two clocks a test moves."""

    def __init__(self) -> None:
        self.monotonic, self.ahead = 5 * SECOND, 0
        self.clock = SteadyClock(lambda: START + self.monotonic + self.ahead, lambda: self.monotonic)

    def after(self, seconds: float) -> float:
        """So much later: how far the steady clock is from the true time, in seconds."""
        self.monotonic += round(seconds * SECOND)
        return self.clock.now_ms() / 1_000 - (START + self.monotonic) / SECOND


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_that_is_taken_back_was_never_seen(jump: int) -> None:
    machine = Machine()
    machine.ahead = jump
    assert [machine.after(9) for _ in range(3)] == [0, 0, 0]
    machine.ahead = 0
    assert [machine.after(9) for _ in range(5)] == [0] * 5
    machine.ahead = jump
    assert machine.after(9) == 0, "its time counts anew"


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_that_lasts_is_believed(jump: int) -> None:
    machine = Machine()
    machine.ahead = jump
    assert machine.after(0) == 0
    assert machine.after(PATIENCE_NS / SECOND - 0.001) == 0
    assert machine.after(0.001) == jump / SECOND


def test_a_clock_that_jumps_to_and_fro_is_never_believed() -> None:
    machine = Machine()
    for number in range(1_000):
        machine.ahead = (HOUR, -HOUR, 2 * HOUR)[number % 3]
        assert machine.after(1) == 0


def test_small_corrections_are_followed_at_once() -> None:
    machine = Machine()
    for number in range(1, 20):
        machine.ahead = number * SECOND // 10
        assert machine.after(1) == pytest.approx(number / 10)


def test_asked_seldom_it_follows_what_lasted_between_two_questions_only() -> None:
    """A process that slept (a laptop's lid) finds its clock ahead, and needs two looks to believe it."""
    machine = Machine()
    machine.ahead = HOUR
    assert machine.after(3_600) == 0
    assert machine.after(31) == HOUR / SECOND


class Producer:
    """Notes what it is given."""

    def __init__(self) -> None:
        self.stamps: list[int] = []

    def produce(self, *given: Any) -> None:
        self.stamps.append(given[6])


def test_records_of_a_worker_whose_clock_has_jumped_are_stamped_with_the_time_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine, producer = Machine(), Producer()
    monkeypatch.setattr(steady_clock, "_clock", machine.clock)
    machine.ahead = 3 * HOUR
    produce_all(cast(Any, producer), [Output("told", b"1", None, 0, [])], timeout=1)
    assert producer.stamps == [(START + machine.monotonic) // 1_000_000]


SOURCES = Path(streams.__file__).parent
OTHERS = {"cli", "client", "demo", "proof", "stack"}
"""Commands, clients and trials may ask the machine: they judge nothing for a lane."""


def test_lanes_ask_no_other_clock_for_the_time_of_day() -> None:
    asking = [
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if path.relative_to(SOURCES).parts[0] not in OTHERS
        and re.search(r"time\.time(_ns)?\(|datetime\.now\(", path.read_text())
    ]
    assert asking == []
