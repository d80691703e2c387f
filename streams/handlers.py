"""The handler of a processor's lane: the model answers, nothing else changes."""

from collections.abc import Sequence

from processors.contract import Runner
from schemas.handler import Effects, State
from schemas.request import Request


class ProcessorHandler:
    """Calls a processor's runner with the records of a micro-batch."""

    stateful = False
    stores: tuple[str, ...] = ()

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """Outcomes in the order of the requests."""
        inference = await self._runner.infer([request.record for request in requests])
        return Effects(list(inference.outcomes), compute_seconds=inference.compute_seconds)
