"""Each check finds the fault that it is for, and nothing in a saga that is whole."""

from dataclasses import replace

import pytest

from sagas.events import EventKind
from sagas.fold import fold
from sagas.instance import Status, StepStatus
from sagas.participants.ledger import Account
from streams.sagas.timeline import branches, timeline
from streams.sagas.verifying import statuses, verify
from tests.unit.streams.sagas.tales import Told, checks


@pytest.fixture(params=[False, True], ids=["completed", "compensated"])
def told(request: pytest.FixtureRequest) -> Told:
    return Told(request.param)


def test_what_is_whole_has_no_findings(told: Told) -> None:
    evidence = told.evidence()
    assert verify(evidence) == []
    assert sum(statuses(evidence).values()) == 1


def test_a_missing_event(told: Told) -> None:
    assert "history" in checks(told.evidence(histories={"a": [*told.events[:2], *told.events[3:]]}))


def test_another_state(told: Told) -> None:
    saga = told.lane.saga("a")
    assert saga is not None
    saga.data = b"{}"
    assert checks(told.evidence(states={"a": saga})) == {"state"}
    assert checks(told.evidence(states={})) == {"state"}


def test_a_state_without_a_history(told: Told) -> None:
    assert "state" in checks(told.evidence(histories={}, commands=None, outcomes=[]))


@pytest.mark.parametrize("times", [0, 2])
def test_an_end_that_was_not_published_once(told: Told, times: int) -> None:
    assert checks(told.evidence(outcomes=told.outcomes * times)) == {"ending"}


def test_attention_for_nothing(told: Told) -> None:
    assert checks(told.evidence(attention=[{"saga_id": "a"}])) == {"attention"}


def test_a_parked_saga_that_is_not_listed(told: Told) -> None:
    last = told.events[-1]
    parked = [*told.events[:-1], replace(last, kind=EventKind.PARKED, reason="x", body={})]
    state = fold(parked)
    assert state is not None
    assert state.status is Status.NEEDS_ATTENTION
    evidence = told.evidence(histories={"a": parked}, states={"a": state}, outcomes=[])
    assert checks(evidence) == {"attention"}


@pytest.mark.parametrize("times", [0, 2])
def test_a_command_that_was_not_sent_once(told: Told, times: int) -> None:
    first = next(iter(told.commands))
    assert checks(told.evidence(commands={**told.commands, first: times})) == {"command"}


def test_a_command_of_nobody(told: Told) -> None:
    assert checks(told.evidence(commands={**told.commands, ("stray", 1): 1})) == {"command"}


def test_commands_that_may_be_gone_are_not_counted(told: Told) -> None:
    assert checks(told.evidence(commands=None)) == set()


def test_a_completed_saga_with_an_undo() -> None:
    told = Told(False)
    wrong = told.lane.saga("a")
    assert wrong is not None
    wrong.steps["two"] = wrong.steps["two"]._replace(undo=StepStatus.DONE)
    evidence = told.evidence()
    verify(evidence)
    evidence.folded["a"] = wrong
    from streams.sagas.verifying import completed_ones_undid_nothing

    assert [one.check for one in completed_ones_undid_nothing(evidence)] == ["completed"]


@pytest.mark.parametrize("undo", [StepStatus.NONE, StepStatus.WAITING])
def test_a_compensated_saga_with_a_step_that_is_not_undone(undo: StepStatus) -> None:
    from streams.sagas.verifying import compensated_ones_undid_all

    told = Told(True)
    wrong = told.lane.saga("a")
    assert wrong is not None
    wrong.steps["two"] = wrong.steps["two"]._replace(undo=undo)
    evidence = told.evidence()
    evidence.folded["a"] = wrong
    assert [one.check for one in compensated_ones_undid_all(evidence)] == ["compensated"]


def test_the_timeline_of_a_saga_that_was_undone() -> None:
    lines = timeline(Told(True).events)
    assert [(line.path, line.direction, line.state) for line in lines] == [
        ("one", "", "DONE"), ("two", "", "DONE"), ("three", "", "REJECTED"), ("two", "undo", "DONE")
    ]  # fmt: skip
    assert all(line.ended_ms >= line.began_ms > 0 for line in lines)
    assert branches(Told(True).events) == {}


def test_credits_that_do_not_add_up() -> None:
    whole = Told(False).evidence(accounts={"ada": Account(10, 4, 3, 3)}, reserved={"ada": 3})
    assert verify(whole) == []
    assert checks(replace(whole, accounts={"ada": Account(10, 4, 3, 2)})) == {"credits"}
    assert checks(replace(whole, reserved={"ada": 2})) == {"credits"}
