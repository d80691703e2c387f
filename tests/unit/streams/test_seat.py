"""A slot of a supervisor tells the deaths that were sent from those that a defect caused."""

import signal
from typing import Any, cast

import pytest

from streams.proof.crashed import crashed
from streams.restarts import RestartPolicy
from streams.seat import Seat
from streams.slots import Slot


@pytest.mark.parametrize(
    ("code", "crashes"),
    [(0, 0), (1, 0), (-signal.SIGKILL, 0), (-signal.SIGTERM, 0), (-signal.SIGABRT, 1), (-signal.SIGSEGV, 1)],
)
def test_only_a_signal_that_nobody_sends_is_a_crash(code: int, crashes: int) -> None:
    seat = Seat(Slot(0))
    seat.ended(code, 0.0, RestartPolicy())
    assert seat.crashes == crashes


class Crew:
    def crashes(self) -> dict[int, int]:
        return {3: 2}

    def log_of(self, slot: int) -> str:
        return f"worker-{slot}.log"


def test_a_trial_is_told_of_crashes() -> None:
    assert crashed(cast(Any, Crew())) == ("2 workers of slot 3 ended by a defect: see worker-3.log",)
