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

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and warm."""
        return self._runner.ready

    @property
    def restarts(self) -> int:
        """How often the model's host had to be started again."""
        return self._runner.restarts

    @property
    def found_at(self) -> float | None:
        """While the host looks for records that hang or kill: when it last answered one (monotonic); else None."""
        return self._runner.found_at

    async def start(self) -> None:
        """Loads and warms the model. Raises ProcessorUnavailable."""
        await self._runner.start()

    async def stop(self) -> None:
        """Ends the model's host."""
        await self._runner.stop()

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """Outcomes in the order of the requests."""
        inference = await self._runner.infer([request.record for request in requests])
        return Effects(list(inference.outcomes), compute_seconds=inference.compute_seconds)
