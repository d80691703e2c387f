"""A worker whose lane of sagas has those of the benchmarks: `python -m bench.saga_worker SLOT LANE...`."""

import sys
from collections.abc import Sequence

from bench.saga_definitions import catalogue
from streams.app import run_lanes
from streams.definition import LaneDefinition
from streams.lanes import find
from streams.observability.logging import configure
from streams.sagas.lane import saga_lane
from streams.settings import Settings, load
from streams.slots import Slot


def definition(settings: Settings, lane: str) -> LaneDefinition:
    """A lane of the catalogue, but for that of sagas."""
    return saga_lane(settings, catalogue()) if lane == "sagas" else find(lane).define(settings)


def work(number: int, lanes: Sequence[str]) -> int:
    """Runs these lanes until it is told to stop; the exit code."""
    settings = load()
    configure(settings.log)
    return run_lanes(settings, [definition(settings, lane) for lane in lanes], Slot(number), leave=False)


def warm() -> None:
    """What a supervisor's workers share: the sagas are compiled once, as those of the catalogue are."""
    catalogue()


def supervised(number: int) -> int:
    """The same for a supervisor's worker that is an orchestrator."""
    return work(number, ["sagas"])


if __name__ == "__main__":
    sys.exit(work(int(sys.argv[1]), sys.argv[2:]))
