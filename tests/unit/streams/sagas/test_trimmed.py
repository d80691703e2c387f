"""What retention took is no finding, and is counted; what is still held is judged as ever."""

import json
import math
from dataclasses import replace

import pytest

from sagas.events import EventKind
from sagas.fold import fold
from sagas.instance import Instance
from streams.cli import saga_check
from streams.cli.saga_check import tell, verify_command
from streams.sagas.horizon import CLOCKS_MS, Horizon, Topics
from streams.sagas.verifying import not_judged, statuses, verify
from tests.unit.streams.sagas.lane_of_sagas import NOW
from tests.unit.streams.sagas.tales import Told, checks

LONG_AFTER, LONG_BEFORE = NOW + 10 * CLOCKS_MS, NOW - 10 * CLOCKS_MS


def lost_until(edge_ms: float) -> Horizon:
    """A topic of one partition, whose first record is of that time."""
    return Horizon(1, {0: edge_ms})


HISTORY_LOST, OUTCOMES_LOST = Topics(history=lost_until(LONG_AFTER)), Topics(outcomes=lost_until(LONG_AFTER))
HISTORY_LOST_BEFORE, OUTCOMES_LOST_BEFORE = (
    Topics(history=lost_until(LONG_BEFORE)),
    Topics(outcomes=lost_until(LONG_BEFORE)),
)


@pytest.fixture(params=[False, True], ids=["completed", "compensated"])
def told(request: pytest.FixtureRequest) -> Told:
    return Told(request.param)


def kept(told: Told) -> Instance:
    saga = told.lane.saga("a")
    assert saga is not None
    return saga


def test_each_partition_has_its_own_edge() -> None:
    horizon = Horizon(4, {1: 500.0, 2: math.inf})
    sagas = {horizon.lost(f"saga-{number}", 500 + CLOCKS_MS + 1) for number in range(40)}
    assert sagas == {False, True}
    assert not any(Horizon(4).lost(f"saga-{number}", 0) for number in range(40))


def test_clocks_that_differ_make_no_finding() -> None:
    assert lost_until(NOW).lost("a", NOW + CLOCKS_MS)
    assert not lost_until(NOW).lost("a", NOW + CLOCKS_MS + 1)


@pytest.mark.parametrize("edge_ms", [LONG_AFTER, math.inf])
def test_an_old_end_whose_outcome_is_gone(told: Told, edge_ms: float) -> None:
    evidence = told.evidence(outcomes=[], topics=Topics(outcomes=lost_until(edge_ms)))
    assert verify(evidence) == []
    assert not_judged(evidence) == {"sagas": 1, "ending": 1}


def test_a_young_end_whose_outcome_is_missing(told: Told) -> None:
    evidence = told.evidence(outcomes=[], topics=OUTCOMES_LOST_BEFORE)
    assert checks(evidence) == {"ending"}
    assert not_judged(evidence) == {"sagas": 0}


def test_the_history_s_edge_excuses_no_missing_outcome(told: Told) -> None:
    assert checks(told.evidence(outcomes=[], topics=HISTORY_LOST)) == {"ending"}


def test_an_old_end_that_was_published_twice(told: Told) -> None:
    assert checks(told.evidence(outcomes=told.outcomes * 2, topics=OUTCOMES_LOST)) == {"ending"}


def test_an_old_outcome_whose_history_is_gone(told: Told) -> None:
    gone = {"histories": {}, "states": {}, "commands": None}
    evidence = told.evidence(**gone, topics=HISTORY_LOST)
    assert verify(evidence) == []
    assert not_judged(evidence) == {"sagas": 1, "ending": 1}
    assert checks(told.evidence(**gone, topics=HISTORY_LOST_BEFORE)) == {"ending"}
    assert checks(told.evidence(**gone, topics=OUTCOMES_LOST)) == {"ending"}


def test_a_history_that_lost_its_beginning(told: Told) -> None:
    evidence = told.evidence(histories={"a": told.events[3:]}, commands=None, topics=HISTORY_LOST)
    assert verify(evidence) == []
    assert not_judged(evidence) == {"sagas": 1, "history": 1}
    assert statuses(evidence) == {str(kept(told).status): 1}


def test_a_saga_that_was_started_after_the_edge_has_its_beginning(told: Told) -> None:
    half = told.evidence(histories={"a": told.events[3:]}, commands=None, topics=HISTORY_LOST_BEFORE)
    assert "history" in checks(half)
    assert not_judged(half) == {"sagas": 0}


def test_a_gap_in_what_is_left_of_a_history(told: Told) -> None:
    rest = [*told.events[2:4], *told.events[5:]]
    assert checks(told.evidence(histories={"a": rest}, commands=None, topics=HISTORY_LOST)) == {"history"}


def test_a_half_history_ends_as_the_saga_is_kept(told: Told) -> None:
    half = told.evidence(histories={"a": told.events[3:]}, commands=None, topics=HISTORY_LOST)
    assert checks(replace(half, states={})) == {"state"}
    older = fold(told.events[:-1])
    assert older is not None
    assert checks(replace(half, states={"a": older})) == {"state"}


def test_a_half_history_of_a_saga_that_was_forgotten(told: Told) -> None:
    last = told.events[-1]
    forgotten = [*told.events[3:], replace(last, kind=EventKind.FORGOTTEN, seq=last.seq + 1)]
    half = told.evidence(histories={"a": forgotten}, states={}, commands=None, topics=HISTORY_LOST)
    assert verify(half) == []
    assert checks(replace(half, states={"a": kept(told)})) == {"state"}


def test_the_run_after_one_that_lost_its_beginning_is_judged(told: Told) -> None:
    last = told.events[-1]
    before = replace(last, run=last.run - 1, kind=EventKind.FORGOTTEN)
    evidence = told.evidence(histories={"a": [before, *told.events]}, topics=HISTORY_LOST)
    assert verify(evidence) == []
    assert not_judged(evidence) == {"sagas": 1, "history": 1}
    assert "history" in checks(replace(evidence, histories={"a": [before, *told.events[:2], *told.events[3:]]}))


def test_a_young_run_does_not_make_the_one_before_it_young(told: Told) -> None:
    last = told.events[-1]
    before = replace(last, run=last.run - 1, kind=EventKind.FORGOTTEN)
    assert verify(told.evidence(histories={"a": [before, *told.events]}, topics=HISTORY_LOST_BEFORE)) == []


def test_a_saga_that_is_kept_past_its_history(told: Told) -> None:
    alone = told.evidence(histories={}, outcomes=[], commands=None, topics=HISTORY_LOST)
    assert verify(alone) == []
    assert not_judged(alone) == {"sagas": 1, "history": 1}
    assert statuses(alone) == {str(kept(told).status): 1}
    assert checks(replace(alone, topics=HISTORY_LOST_BEFORE)) == {"state"}


def test_a_saga_that_is_kept_past_its_history_still_asks_for_attention_rightly(told: Told) -> None:
    alone = told.evidence(histories={}, outcomes=[], commands=None, topics=HISTORY_LOST)
    assert checks(replace(alone, attention=[{"saga_id": "a"}])) == {"attention"}


def test_a_command_whose_history_is_gone(told: Told) -> None:
    senders = dict.fromkeys(told.commands, ("a", NOW))
    old = told.evidence(histories={"a": told.events[-1:]}, senders=senders, topics=HISTORY_LOST)
    assert verify(old) == []
    assert not_judged(old) == {"sagas": 1, "command": 1, "history": 1}
    young = told.evidence(commands={**told.commands, ("stray", 1): 1}, topics=HISTORY_LOST_BEFORE)
    assert checks(replace(young, senders={("stray", 1): ("b", NOW)})) == {"command"}


def test_what_was_lost_without_a_trace_is_a_finding_where_nothing_was_trimmed(told: Told) -> None:
    assert checks(told.evidence(outcomes=[])) == {"ending"}
    assert "history" in checks(told.evidence(histories={"a": told.events[3:]}))
    assert "state" in checks(told.evidence(histories={}, commands=None, outcomes=[]))


def test_people_are_told(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = told.evidence(outcomes=[], topics=OUTCOMES_LOST)
    tell(evidence, verify(evidence), statuses(evidence))
    said = capsys.readouterr().out
    assert "1 sagas are older than what the topics still hold: not judged (ending of 1)" in said
    assert "all is well" in said
    whole = told.evidence()
    tell(whole, verify(whole), statuses(whole))
    assert "not judged" not in capsys.readouterr().out


def test_programs_are_told(told: Told, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = told.evidence(outcomes=[], topics=OUTCOMES_LOST)
    monkeypatch.setattr(saga_check, "examine", lambda index: (evidence, verify(evidence)))
    verify_command(settled=False, index=None, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["ok"]
    assert said["not_judged"] == {"sagas": 1, "ending": 1}
