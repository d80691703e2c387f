"""What a lane's service counts beside its work."""

import asyncio

from prometheus_client import generate_latest

from streams.lane_service import count_restarts
from streams.observability.metrics import Instruments, LaneMetrics
from streams.testing import eventually_async


class Restarted:
    """A handler whose process was started again now and then."""

    restarts = 2
    found_at: float | None = None


async def test_restarts_of_the_process_behind_a_handler_are_counted() -> None:
    instruments, handler = Instruments(), Restarted()
    counting = asyncio.create_task(count_restarts(handler, LaneMetrics("digits", instruments), every=0.001))

    def shown(number: float) -> bool:
        line = f'sluicegate_host_restarts_total{{lane="digits"}} {number}'
        return line in generate_latest(instruments.registry).decode()

    try:
        await eventually_async(lambda: shown(0.0))
        handler.restarts = 5
        await eventually_async(lambda: shown(3.0))
    finally:
        counting.cancel()
