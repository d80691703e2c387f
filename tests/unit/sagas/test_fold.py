"""Folding a history: it must be whole, in order, and of one saga."""

from dataclasses import replace

import pytest

from sagas.errors import HistoryError
from sagas.events import HistoryEvent
from sagas.flow import seq
from sagas.fold import fold
from tests.saga_definitions import add_step, new_saga
from tests.saga_driver import Driver


def history() -> list[HistoryEvent]:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), add_step(saga, "b"))
    return Driver(saga).start().done("a", "b").history


def test_nothing_happened_to_no_saga() -> None:
    assert fold([]) is None


def test_every_beginning_of_a_history_is_a_state() -> None:
    events = history()
    states = [fold(events[:count]) for count in range(1, len(events) + 1)]
    assert [state.seq for state in states if state is not None] == list(range(len(events)))


def test_a_gap_is_named() -> None:
    events = history()
    with pytest.raises(HistoryError, match=r"event 3 .* follows event 1: one is missing"):
        fold([*events[:2], *events[3:]])


def test_a_repetition_is_named() -> None:
    events = history()
    with pytest.raises(HistoryError, match=r"event 1 .* follows event 1"):
        fold([*events[:2], events[1]])


def test_a_history_begins_with_a_start() -> None:
    with pytest.raises(HistoryError, match="comes before a start"):
        fold(history()[1:])


def test_a_run_starts_once() -> None:
    events = history()
    with pytest.raises(HistoryError, match="comes within a run"):
        fold([*events, events[0]])


def test_a_start_has_number_0() -> None:
    with pytest.raises(HistoryError, match="whose first event must have number 0"):
        fold([replace(history()[0], seq=4)])


@pytest.mark.parametrize("other", [{"saga_id": "two"}, {"run": 5}])
def test_two_sagas_are_not_folded_into_one(other: dict[str, object]) -> None:
    events = history()
    with pytest.raises(HistoryError, match="fold one saga at a time"):
        fold([events[0], replace(events[1], **other)])  # type: ignore[arg-type]


def test_a_history_may_hold_one_run_after_the_other() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    driver = Driver(saga).start().done("a").fire("retain").start()
    assert fold(driver.history) == driver.saga
