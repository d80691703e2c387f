"""Whatever takes part in sagas is killed at random moments; each saga ends, and every credit is where it should be."""

import os
from collections.abc import Callable
from random import SystemRandom

import pytest

from streams.proof.sagas import SEED, Trial, attempt
from streams.settings import Settings
from streams.stack.testing import StackForTests


@pytest.mark.timeout(400)
def test_each_compensation_takes_effect_once_whatever_is_killed(
    settings: Settings, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get(SEED, SystemRandom().randrange(1_000_000)))
    report = attempt(StackForTests(settings), Trial(sagas=100, kills=8, seed=seed, retired=2, brokers=0))
    said = "\n".join((f"{SEED}={seed} repeats this plan", *report.lines()))
    record_property("report", said)
    assert report.holds, said
    assert sum(report.kills.values()) >= 8, said
    assert report.never_back == 2, said
