"""A worker has the time to find a record that hangs before it counts as dead."""

from dataclasses import replace

import pytest

from processors.catalogue import discover
from schemas.errors import Misconfigured
from streams.lanes import definitions
from streams.liveness import check_stall
from streams.settings import LaneSettings, Settings, WorkerSettings

DIGITS = discover()["digits"]


def with_stall(seconds: float, timeout: float | None = None) -> Settings:
    return Settings(
        worker=WorkerSettings(stall_seconds=seconds), lanes={"digits": LaneSettings(timeout_seconds=timeout)}
    )


def test_the_defaults_are_at_peace_with_every_processor() -> None:
    for declaration in discover().values():
        check_stall(Settings(), declaration)


def test_a_stall_that_is_over_before_the_time_outs_are_is_refused_when_a_worker_is_defined() -> None:
    with pytest.raises(Misconfigured, match=r"worker.stall_seconds to 120 or more, or shorten the time-out"):
        definitions(with_stall(119), ["digits"])


def test_the_lanes_own_time_out_counts() -> None:
    with pytest.raises(Misconfigured, match=r"lanes.digits.timeout_seconds is 200"):
        check_stall(with_stall(600, timeout=200), DIGITS)
    check_stall(with_stall(60, timeout=10), DIGITS)


def test_a_processor_inside_the_worker_has_no_time_out() -> None:
    check_stall(with_stall(1), replace(DIGITS, inline=True))
