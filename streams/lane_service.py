"""Keeps a lane running: starts a run, and another one after a fault, with a growing pause."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import structlog
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import Misconfigured, SluicegateError
from schemas.registry import Registry
from streams.binding import Binding
from streams.committer import FENCED, Fenced
from streams.definition import Hosted, LaneDefinition
from streams.flight import Batch
from streams.lane import LaneRun
from streams.observability.health import LaneState
from streams.observability.metrics import LaneMetrics
from streams.property_check import check_properties
from streams.provisioning.start_check import check_at_start
from streams.settings import Settings
from streams.stop_reader import StopReader

FIRST_PAUSE, LONGEST_PAUSE, CALM_SECONDS = 0.2, 10.0, 60.0

log = structlog.get_logger(__name__)


class Dispatched(NamedTuple):
    """What travels on a lane's Faust channel: a micro-batch and the run that it belongs to."""

    run: LaneRun
    batch: Batch


class SlotTaken(SluicegateError):
    """Another living worker holds this worker's slot."""


class LaneService:
    """One lane for the life of the worker."""

    def __init__(
        self,
        settings: Settings,
        definition: LaneDefinition,
        binding: Binding,
        slot: int,
        registry: Registry,
        send: Callable[[Dispatched], None],
        stops: StopReader,
        on_fenced: Callable[[str], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._settings, self._definition, self._binding = settings, definition, binding
        self._slot, self._registry, self._send = slot, registry, send
        self._on_fenced, self._on_refused = on_fenced, on_refused
        self._stops = stops
        self.name, self.group = binding.name, binding.group
        self.metrics = LaneMetrics(binding.name)
        self._handler = definition.make_handler()
        if self._handler.stateful and len(binding.requests) != 1:
            # Two topics are not assigned alike: one key's state would get two writers.
            raise Misconfigured(
                f"lane {binding.name} keeps state and is bound to {', '.join(binding.requests)}: bind it to one topic"
            )
        self._run: LaneRun | None = None
        self._task: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def state(self) -> LaneState:
        """What health is judged by."""
        run = self._run
        ready = {"processor warm": self._handler.ready, "in the group": run is not None and run.running()}
        if run is None:
            return LaneState(self.name, ready)
        found_at = self._handler.found_at if isinstance(self._handler, Hosted) else None
        return LaneState(
            self.name, ready, run.oldest(), stopped=run.stopped(), delayed=run.delayed(), found_at=found_at
        )

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
        if isinstance(self._handler, Hosted):
            self._counting = asyncio.create_task(count_restarts(self._handler, self.metrics))

    async def stop(self, *, leave: bool) -> None:
        """Drains and ends the lane."""
        tasks = [task for task in (self._task, self._counting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        run, self._run = self._run, None
        if run is not None:
            await run.stop(self._settings.worker.drain_seconds, leave=leave)
        await self._handler.stop()

    async def _keep(self) -> None:
        try:
            await asyncio.to_thread(check_properties, self._settings, self._binding, self._slot)
        except Misconfigured as wrong:
            self._on_refused(f"lane {self.name}: {wrong}")
            raise
        # What keeps a run from being made is met, and told, once more by `_run_once`.
        with suppress(Exception):
            self._new_run()
        await self._start_handler()
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            error = await self._run_once()
            if isinstance(error, SlotTaken):
                self._on_fenced(f"lane {self.name}: another worker took slot {self._slot}: {error}")
                return
            if time.monotonic() - began > CALM_SECONDS:
                pause = FIRST_PAUSE
            log.error("lane failed, starting again", lane=self.name, error=describe(error), pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _start_handler(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._handler.start()
                return
            except Misconfigured as error:
                # Starting again would not help, and a lane that never serves would be noticed late.
                self._on_refused(f"lane {self.name}: {error}")
                raise
            except Exception as error:
                log.error("the handler can't start, trying again", lane=self.name, error=str(error), pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self) -> BaseException:
        run = self._run
        try:
            await asyncio.to_thread(check_at_start, self._registry, self._settings, [self._binding])
            # The first one is settling meanwhile; after a fault no clients are made, and nobody fenced, for a lane
            # whose schemas are not there.
            run = run or self._new_run()
            await run.start()
            error = await asyncio.shield(run.failed)
            if is_fenced(error) and await asyncio.to_thread(run.slot_is_taken):
                return SlotTaken(str(error))
            return error
        except Exception as error:
            if run is not None and not run.failed.done():
                run.failed.set_result(error)
            return error
        finally:
            if run is not None and run.failed.done():
                self._run = None
                await run.stop(0.0, leave=False)

    def _new_run(self) -> LaneRun:
        """One that begins to settle at once, beside whatever else its start has to wait for."""
        self._run = LaneRun(
            self._settings,
            self._definition,
            self._binding,
            self._slot,
            self._registry,
            self._handler,
            self._stops,
            self.metrics,
            self._dispatch,
        )
        self._run.settle()
        return self._run

    def _dispatch(self, run: LaneRun, batch: Batch) -> None:
        assert self._loop is not None
        self.metrics.batch_closed(batch.reason, len(batch.entries), sum([entry.cost for entry in batch.entries]))
        self.metrics.queue_seconds(time.monotonic() - batch.oldest)
        self._loop.call_soon_threadsafe(self._send, Dispatched(run, batch))


async def count_restarts(handler: Hosted, metrics: LaneMetrics, every: float = 1.0) -> None:
    """Counts the restarts of a handler's process until it is cancelled."""
    counted = handler.restarts
    while True:
        await asyncio.sleep(every)
        now = handler.restarts
        metrics.host_restarts(now - counted)
        counted = now


def is_fenced(error: BaseException) -> bool:
    """Whether someone else may hold the slot: a fenced producer, or a consumer that was (its code says no more)."""
    if isinstance(error, KafkaException):
        return error.args[0].code() in FENCED | {KafkaError._FATAL}
    return isinstance(error, Fenced)


def describe(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}"
