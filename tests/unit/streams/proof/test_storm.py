"""A plan of faults follows from its seed alone, and has what was asked for."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.proof.storm import Kind, plan


def test_a_seed_repeats_its_plan() -> None:
    assert plan(Random(7), 10, 3) == plan(Random(7), 10, 3)
    assert plan(Random(7), 10, 3) != plan(Random(8), 10, 3)


@given(st.integers(), st.integers(0, 30), st.integers(0, 5))
def test_it_has_the_kills_and_the_moves_and_nobody_joins_before_somebody_left(
    seed: int, kills: int, moves: int
) -> None:
    faults = plan(Random(seed), kills, moves)
    kinds = Counter(fault.kind for fault in faults)
    assert kinds[Kind.RETIRE] == moves
    assert kinds[Kind.JOIN] == max(0, moves - 1)
    assert sum(kinds[kind] for kind in (Kind.KILL, Kind.WITHIN, Kind.RETIRE)) >= kills
    assert all(0 <= fault.share < 1 for fault in faults)
    away = 0
    for fault in faults:
        away += (fault.kind is Kind.RETIRE) - (fault.kind is Kind.JOIN)
        assert away >= 0


@pytest.mark.parametrize("moves", [1, 3])
def test_in_the_end_one_slot_stays_empty(moves: int) -> None:
    kinds = Counter(fault.kind for fault in plan(Random(1), 10, moves))
    assert kinds[Kind.RETIRE] - kinds[Kind.JOIN] == 1
