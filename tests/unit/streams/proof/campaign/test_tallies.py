"""What the trials make of what they saw: each break is counted where it belongs."""

from collections import Counter
from typing import Any, cast

import pytest

from streams.proof.campaign.trials import histories, late_ends, saga_kills, soak
from streams.proof.history.check import CHECKS, Analysis, Counts
from streams.proof.late_end import LateEnd
from streams.proof.sagas import Report, Trial
from streams.sagas.verifying import Finding


class Seen:
    """A transactor of which only this was seen."""

    def __init__(self, *values: bytes) -> None:
        self.committed = self
        self._values = list(values)

    def values(self) -> list[bytes]:
        return self._values


def counted(*values: bytes) -> Counter[str]:
    return late_ends.counted(cast(LateEnd, Seen(*values)), [b"one", b"two"], "late commits")


def test_an_aborted_record_that_is_seen_is_wrong() -> None:
    assert counted(b"one", b"two")["wrong"] == 0
    assert counted(b"one", late_ends.ABORTED, b"two")["wrong"] == 1
    assert counted(b"one")["missing"] == 1
    assert counted(b"one", b"two", b"two")["duplicates"] == 1


@pytest.mark.parametrize("name", CHECKS)
def test_every_anomaly_of_a_history_breaks_its_round(name: str) -> None:
    counts = Counts(ok=600, fail=3, info=2, aborted_on_purpose=1, polls=9, seen=1_200, readers=3)
    clean = Analysis(counts, dict.fromkeys(CHECKS, 0), {}, 500)
    assert histories.tally_of(clean, ["worker kills", "network cuts"], 0).holds
    broken = Analysis(counts, {**clean.anomalies, name: 2}, {name: ("an example",)}, 500)
    tally = histories.tally_of(broken, [], 0)
    assert tally.duplicates + tally.missing + tally.disorders + tally.wrong == 2
    assert tally.problems == (f"{name}: 2, such as an example",)


def test_a_history_in_which_little_succeeded_breaks_its_round() -> None:
    counts = Counts(ok=60, fail=3, info=2, aborted_on_purpose=1, polls=9, seen=120, readers=3)
    tally = histories.tally_of(Analysis(counts, dict.fromkeys(CHECKS, 0), {}, 500), ["broker kills"], 0)
    assert not tally.holds
    assert tally.kills == 1


def test_findings_on_sagas_are_problems() -> None:
    given: dict[str, Any] = {
        "cases": {},
        "kills": {"worker": 3, "broker": 1},
        "further": 2,
        "never_back": 1,
        "repeated": 7,
    }
    finding = Finding("saga-1", "credits", "one too many")
    report = Report(
        Trial(30, 4, 1), {"COMPLETED": 29}, findings=(finding,), seconds=1, storm_seconds=1, faults=(), **given
    )
    tally = saga_kills.tally_of(report)
    assert (tally.kills, tally.succeeded, tally.wrong) == (6, 29, 1)
    assert tally.problems == ("saga-1: credits: one too many",)


def test_a_lag_that_grows_is_told_from_one_that_only_has_peaks() -> None:
    flat = soak.Looks(lags=[0, 0, 900, 0] * 10)
    growing = soak.Looks(lags=list(range(40)))
    assert flat.lag_grown() == 0
    assert growing.lag_grown() == 20
