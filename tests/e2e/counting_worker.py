"""A worker with one stateful lane, run by test_stateful_lane.py: it counts the requests of each key."""

import asyncio
import sys
from collections.abc import Sequence

from processors.contract import BatchPolicy
from processors.echo.declaration import EchoRequest
from schemas.handler import Effects, State
from schemas.outcome import Completed
from schemas.request import Request
from streams.app import run_lanes
from streams.definition import LaneDefinition
from streams.settings import load
from streams.slots import Slot


class Counting:
    """Answers with how many requests its key has had, this one included."""

    stateful = True
    stores = ("counts",)
    ready = True

    async def start(self) -> None:
        """Needs nothing."""

    async def stop(self) -> None:
        """Holds nothing."""

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """Counts, and lets another task in between, as a slower handler would."""
        outcomes = []
        for request in requests:
            counts = state.partition(request.topic, request.partition)
            key = request.key or b""
            count = int(counts.get("counts", key) or b"0") + 1
            counts.put("counts", key, str(count).encode())
            outcomes.append(Completed({"payload": str(count).encode()}))
        await asyncio.sleep(0)
        return Effects(list(outcomes))


if __name__ == "__main__":
    lane = LaneDefinition("echo", EchoRequest, Counting, BatchPolicy(size=16), model="counting", model_version="1")
    sys.exit(run_lanes(load(), [lane], Slot(int(sys.argv[1])), leave=False))
