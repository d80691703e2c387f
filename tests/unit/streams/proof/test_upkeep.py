"""Growth of memory and handles is told from samples; what is flat is told as flat."""

import os

import pytest

from streams.proof.upkeep import Need, Span, handles_grown, look, slope, steepest

HOUR = 3_600.0


def needs(growth: float, begin: float = 0.0, end: float = HOUR, handles: int = 20) -> list[Need]:
    """A process with 100 MB in the middle, growing by a share of it in an hour."""
    moments = [begin + (end - begin) * place / 60 for place in range(61)]
    return [Need(one, round(1e8 * (1 + growth * (one - HOUR / 2) / HOUR)), handles) for one in moments]


def test_what_is_flat_has_no_slope() -> None:
    assert slope(needs(0.0)) == 0.0
    assert handles_grown(needs(0.0)) == 0.0


def test_a_slope_is_told_in_per_cent_an_hour() -> None:
    assert slope(needs(0.1)) == pytest.approx(10, rel=0.01)


def test_the_steepest_of_those_that_lived_long_enough_counts() -> None:
    every = {1: needs(0.01), 2: needs(0.05), 3: needs(0.9, HOUR - 60)}
    assert steepest(every, Span(HOUR / 2, HOUR))[0] == pytest.approx(5, rel=0.1)


def test_handles_that_are_not_given_back_are_counted() -> None:
    assert handles_grown(needs(0.0)[:30] + needs(0.0, handles=27)[30:]) == 7


def test_without_a_process_that_lived_through_nothing_is_said() -> None:
    with pytest.raises(ValueError, match="no process lived"):
        steepest({1: needs(0.0, 0, 60)}, Span(HOUR / 2, HOUR))


def test_one_looks_at_real_processes_and_at_none_that_is_gone() -> None:
    need = look(os.getpid(), 1.0)
    assert need is not None
    assert need.memory > 1e6
    assert need.handles > 0
    assert look(2**22 + 1, 1.0) is None
