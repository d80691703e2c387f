"""One test for each row of the table of repeats."""

from itertools import product

import pytest

from streams.repeats.decision import Decision, decide

EITHER = (False, True)


@pytest.mark.parametrize(("same_payload", "late"), list(product(EITHER, EITHER)))
def test_forgotten_is_new(same_payload: bool, late: bool) -> None:
    assert decide(same_payload=same_payload, late=late) is Decision.NEW


def test_answered_with_the_same_payload_in_time_is_replayed() -> None:
    assert decide(known=True) is Decision.REPLAY


@pytest.mark.parametrize("late", EITHER)
def test_answered_with_another_payload_is_a_conflict_even_when_late(late: bool) -> None:
    assert decide(known=True, same_payload=False, late=late) is Decision.CONFLICT


def test_answered_but_late_is_deadline_exceeded() -> None:
    assert decide(known=True, late=True) is Decision.DEADLINE_EXCEEDED


@pytest.mark.parametrize("late", EITHER)
def test_in_flight_waits(late: bool) -> None:
    assert decide(in_flight=True, late=late) is Decision.WAIT


@pytest.mark.parametrize("late", EITHER)
def test_in_flight_with_another_payload_is_a_conflict(late: bool) -> None:
    assert decide(in_flight=True, same_payload=False, late=late) is Decision.CONFLICT
