"""Keeps a lane running: starts a run, and another one after a fault, with a growing pause."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog
from confluent_kafka import KafkaException

from processors.contract import Declaration, DeviceSettings, Runner
from processors.runners import runner_for
from schemas.handler import Handler
from schemas.registry import Registry
from streams.binding import Binding
from streams.flight import Batch
from streams.handlers import ProcessorHandler
from streams.lane import LaneRun
from streams.observability.health import LaneState
from streams.observability.metrics import LaneMetrics
from streams.provisioning.start_check import check_at_start
from streams.settings import DeviceChoice, Settings
from streams.stop_reader import StopReader
from streams.transaction import FENCED, Fenced

FIRST_PAUSE, LONGEST_PAUSE, CALM_SECONDS = 0.2, 10.0, 60.0

log = structlog.get_logger(__name__)


class Dispatched(NamedTuple):
    """What travels on a lane's Faust channel: a micro-batch and the run that it belongs to."""

    run: LaneRun
    batch: Batch


class LaneService:
    """One lane for the life of the worker."""

    def __init__(
        self,
        settings: Settings,
        declaration: Declaration,
        binding: Binding,
        slot: int,
        registry: Registry,
        send: Callable[[Dispatched], None],
        stops: StopReader,
        on_fenced: Callable[[str], None],
    ) -> None:
        self._settings, self._declaration, self._binding = settings, declaration, binding
        self._slot, self._registry, self._send = slot, registry, send
        self._on_fenced = on_fenced
        self._stops = stops
        self.name, self.group = binding.name, binding.group
        self.metrics = LaneMetrics(binding.name)
        self.runner = make_runner(settings, declaration)
        self._handler: Handler = ProcessorHandler(self.runner)
        self._run: LaneRun | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def state(self) -> LaneState:
        """What health is judged by."""
        run = self._run
        ready = {"processor warm": self.runner.ready, "in the group": run is not None and run.running()}
        if run is None:
            return LaneState(self.name, ready)
        return LaneState(self.name, ready, run.oldest(), stopped=run.stopped())

    def resume_partition(self, topic: str, number: int) -> None:
        """By any thread: an operator has resumed a stopped partition."""
        if self._run is not None:
            self._run.resume_partition(topic, number)

    def oldest_age(self) -> float:
        """Age of the oldest unsettled record in seconds; 0 when there is none."""
        oldest = self._run.oldest() if self._run is not None else None
        return 0.0 if oldest is None else time.monotonic() - oldest

    async def start(self) -> None:
        """Starts keeping the lane; returns at once."""
        self._loop = asyncio.get_running_loop()
        self.metrics.unsettled_age(self.oldest_age)
        self._task = asyncio.create_task(self._keep(), name=f"lane {self.name}")

    async def stop(self, *, leave: bool) -> None:
        """Drains and ends the lane."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        run, self._run = self._run, None
        if run is not None:
            await run.stop(self._settings.worker.drain_seconds, leave=leave)
        await self.runner.stop()

    async def _keep(self) -> None:
        await self._start_runner()
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            error = await self._run_once()
            if is_fenced(error):
                self._on_fenced(f"lane {self.name}: another worker took slot {self._slot}: {error}")
                return
            if time.monotonic() - began > CALM_SECONDS:
                pause = FIRST_PAUSE
            log.error("lane failed, starting again", lane=self.name, error=describe(error), pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _start_runner(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self.runner.start()
                return
            except Exception as error:
                log.error("the processor can't start, trying again", lane=self.name, error=str(error), pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self) -> BaseException:
        run = None
        try:
            await asyncio.to_thread(check_at_start, self._registry, [self._binding])
            run = LaneRun(
                self._settings,
                self._declaration,
                self._binding,
                self._slot,
                self._registry,
                self._handler,
                self._stops,
                self.metrics,
                self._dispatch,
            )
            await run.start()
            self._run = run
            return await asyncio.shield(run.failed)
        except Exception as error:
            return error
        finally:
            if run is not None and run.failed.done():
                self._run = None
                await run.stop(0.0, leave=False)

    def _dispatch(self, run: LaneRun, batch: Batch) -> None:
        assert self._loop is not None
        self.metrics.batch_closed(batch.reason, len(batch.entries), sum_cost(batch))
        self._loop.call_soon_threadsafe(self._send, Dispatched(run, batch))


def sum_cost(batch: Batch) -> float:
    """The batch's cost in the units of its policy."""
    return float(len(batch.entries)) if batch.cost is None else float(batch.cost)


def make_runner(settings: Settings, declaration: Declaration) -> Runner:
    """The runner of a lane's processor on the devices that the settings name."""
    lane = settings.lane(declaration.name)
    return runner_for(
        declaration,
        [device_settings(choice) for choice in lane.devices],
        timeout_seconds=lane.timeout_seconds,
        slots=lane.slots,
    )


def device_settings(choice: DeviceChoice) -> DeviceSettings:
    """A setting as the processors take it."""
    return DeviceSettings(choice.device, choice.dtype, choice.threads, choice.compile, choice.options)


def is_fenced(error: BaseException) -> bool:
    """Whether someone else holds the slot."""
    if isinstance(error, KafkaException):
        return error.args[0].code() in FENCED
    return isinstance(error, Fenced)


def describe(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}"
