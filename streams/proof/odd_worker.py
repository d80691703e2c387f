"""A worker whose one lane runs a processor with a vice (`processors.testing`) in a real host."""

import json
from pathlib import Path

from processors import testing
from processors.contract import BatchPolicy
from processors.testing import declare
from streams.app import run_lanes
from streams.definition import processor_lane
from streams.observability.logging import configure
from streams.settings import DeviceChoice, load, override
from streams.slots import Slot


def work(number: int, orders: str) -> int:
    """Runs in slot `number` until told to stop; `orders` is a file that names the processor and its options."""
    settings = load()
    configure(settings.log)
    chosen = json.loads(Path(orders).read_text())
    changes = {"devices": (DeviceChoice(options=chosen["options"]),), "timeout_seconds": chosen["timeout_seconds"]}
    settings = override(settings, {"lanes": {"echo": settings.lanes["echo"].model_copy(update=changes)}})
    declaration = declare(getattr(testing, chosen["kind"]), batch=BatchPolicy(size=chosen["size"]))
    return run_lanes(settings, [processor_lane(settings, declaration)], Slot(number, "supervisor"), leave=False)
