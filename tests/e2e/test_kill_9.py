"""Workers are killed at random moments; the promise holds. Without its transaction, the same harness sees it broken."""

import os
from collections.abc import Callable
from random import SystemRandom

import pytest

from streams.proof.crash import SEED, Trial, attempt
from streams.proof.storm import WITHIN, Fault, Kind
from streams.settings import Settings


@pytest.mark.timeout(300)
def test_each_request_has_exactly_one_answer_whatever_is_killed(
    settings: Settings, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get(SEED, SystemRandom().randrange(1_000_000)))
    report = attempt(settings, Trial(requests=20_000, kills=10, seed=seed))
    said = "\n".join((f"{SEED}={seed} repeats this plan", *report.lines()))
    record_property("report", said)
    assert report.holds, said
    assert report.deaths >= 10, said
    assert report.rebalances >= 5, said


def test_the_same_harness_sees_the_promise_broken_without_the_transaction(settings: Settings) -> None:
    """At least once, and a worker that dies after its results are written and before its offsets are."""
    death = Fault(0.5, Kind.WITHIN, WITHIN.index("produce.after"))
    trial = Trial(requests=2_000, kills=1, seed=1, workers=1, rate=1_000, guarantee="at-least-once")
    report = attempt(settings, trial, [death])
    said = "\n".join(report.lines())
    assert not report.holds, said
    assert report.verdict.duplicates > 0, said
    assert report.again.duplicates > 0, said
    assert report.verdict.missing == 0, said
    assert report.deaths == 2, said
