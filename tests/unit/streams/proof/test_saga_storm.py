"""Plans of sagas and of their faults follow from a seed, and have what was asked for."""

from collections import Counter
from random import Random

import pytest

from sagas.instance import Status
from streams.proof.intakes import PAUPER, SHARES, Case, grants, intakes
from streams.proof.saga_storm import How, Party, plan


@pytest.mark.parametrize(("kills", "retired", "broken"), [(40, 3, 3), (8, 2, 0), (5, 1, 1)])
def test_a_plan_strikes_as_often_as_asked_and_everybody(kills: int, retired: int, broken: int) -> None:
    faults = plan(Random(7), kills, retired, broken)
    assert faults == plan(Random(7), kills, retired, broken)
    struck = Counter(fault.party for fault in faults)
    assert struck.pop(Party.BROKER, 0) == broken
    assert sum(struck.values()) == kills
    assert set(struck) == set(Party) - {Party.BROKER}
    gone = [fault.party for fault in faults if fault.how is How.RETIRE]
    assert len(set(gone)) == len(gone) == retired


def test_each_case_has_its_share_and_tenants_get_what_they_need() -> None:
    asked = intakes(1_000, Random(7))
    assert asked == intakes(1_000, Random(7))
    counts = Counter(intake.case for intake in asked)
    assert all(counts[case] == round(share * 1_000) for case, share in SHARES.items())
    assert len({intake.document_id for intake in asked}) == 1_000
    assert {intake.tenant for intake in asked if intake.case is Case.NO_CREDIT} == {PAUPER}
    paid = sum(intake.credits for intake in asked if intake.tenant != PAUPER)
    assert sum(grants(asked).values()) == paid
    known = [intake for intake in asked if intake.ends == {Status.COMPENSATED}]
    assert len(known) == 300
