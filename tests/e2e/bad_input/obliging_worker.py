"""A worker whose lanes do what a request's payload says, and print each request that reaches them.

`hold <path>` waits until the file is there; `large` is answered with 40 KiB; `retriable` and `final` fail, the first
only once. Anything else is answered with how often its request was run. Arguments as of `sluicegate worker`.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from processors.catalogue import discover
from processors.contract import BatchPolicy
from schemas.handler import Effects, State
from schemas.outcome import Code, Completed, Failed, Outcome
from schemas.request import Request
from streams.app import run_lanes
from streams.definition import LaneDefinition
from streams.observability.logging import configure
from streams.settings import load
from streams.slots import Slot
from streams.testing import eventually

LARGE = 40 * 1024
SLOTS, BATCH = 3, 2


class Obliging:
    """Fails the requests that want it, once or for good, and counts the others."""

    stateful = False
    stores = ()
    ready = True

    def __init__(self) -> None:
        self._runs = Counter[str]()

    async def start(self) -> None:
        """Needs nothing."""

    async def stop(self) -> None:
        """Holds nothing."""

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """One outcome a request."""
        return Effects([await self._oblige(request.record) for request in requests])

    async def _oblige(self, record: Mapping[str, Any]) -> Outcome:
        request_id, (wish, _, detail) = record["request_id"], record.get("payload", b"").partition(b" ")
        self._runs[request_id] += 1
        run = self._runs[request_id]
        sys.stdout.write(f"ran {request_id}.\n")
        sys.stdout.flush()
        if wish == b"hold":
            gate = Path(detail.decode())
            await asyncio.to_thread(eventually, gate.exists, within=60)
        if wish == b"final" or (wish == b"retriable" and run == 1):
            return Failed(Code.PROCESSOR_FAILED, "as you wish", retriable=wish == b"retriable")
        if "payload" not in record:
            return Completed({})
        return Completed({"payload": str(run).encode().ljust(LARGE if wish == b"large" else 0)})


def main() -> int:
    """Runs until told to stop."""
    parser = ArgumentParser()
    parser.add_argument("--slot", type=int)
    parser.add_argument("--only", action="append")
    arguments = parser.parse_args()
    settings, known = load(), discover()
    configure(settings.log)
    lanes = [
        LaneDefinition(name, known[name].request, Obliging, BatchPolicy(size=BATCH, wait_ms=0), SLOTS)
        for name in arguments.only
    ]
    return run_lanes(settings, lanes, Slot(arguments.slot), leave=False)


if __name__ == "__main__":
    sys.exit(main())
