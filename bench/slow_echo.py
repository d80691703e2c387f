"""An echo that falls behind again and again, so that its lane pauses; in a host process of its own."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from processors.catalogue import find
from processors.contract import Bucket, DeviceSettings
from processors.echo.processor import Echo
from streams.app import run_lanes
from streams.definition import processor_lane
from streams.settings import load
from streams.slots import Slot

EVERY, SECONDS = 16, 0.35


class SlowEcho(Echo):
    """Sleeps in every sixteenth batch, longer than an intake waits for room."""

    def __init__(self, device: DeviceSettings) -> None:
        super().__init__(device)
        self._batches = 0

    def compute(self, bucket: Bucket) -> Sequence[Mapping[str, Any]]:
        """Returns the records, sooner or later."""
        self._batches += 1
        if self._batches % EVERY == 0:
            time.sleep(SECONDS)
        return super().compute(bucket)


def main() -> int:
    """Runs a worker with this echo until it is told to stop."""
    settings = load()
    declaration = replace(find("echo"), implementation="bench.slow_echo:SlowEcho", inline=False)
    return run_lanes(settings, [processor_lane(settings, declaration)], Slot(0), leave=False)


if __name__ == "__main__":
    sys.exit(main())
