"""Read this first: `build` creates a worker and joins everything; `run` is its life from start to exit code.

Faust is the runtime: its App has agents, channels, supervision and the web server. Its own Kafka consumer, producer and
tables are left out (`BootStrategy`), because the transaction is ours: a lane's intake puts micro-batches on the lane's
channel, the agent below takes them from there, and the lane's committer makes what comes out durable.
"""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import faust
import structlog
from faust.app.base import BootStrategy

from schemas.registry import Registry
from streams import presence
from streams.binding import bind
from streams.definition import LaneDefinition
from streams.exit_codes import ExitCode
from streams.lane_service import Dispatched, LaneService
from streams.lanes import definitions, stateful_among
from streams.login_check import LoginCheck
from streams.observability.health import Health, judge
from streams.observability.metrics import instruments
from streams.observability.web import serve_pages, web_options
from streams.provisioning.plan import check_bindings, check_tenants
from streams.settings import Settings
from streams.slots import Slot
from streams.stop_reader import StopReader
from streams.stops import Stop, StopKey
from streams.turns import turns

log = structlog.get_logger(__name__)


class WithoutKafka(BootStrategy):
    """Faust's services except those that talk to Kafka."""

    enable_kafka = False
    enable_kafka_consumer = False
    enable_kafka_producer = False


class WorkerApp(faust.App):
    """A Faust app whose records come from our own intake."""

    BootStrategy = WithoutKafka

    def _new_consumer(self) -> Any:
        # Faust makes a consumer that is never started, in a thread with an event loop that nobody else would close.
        consumer: Any = super()._new_consumer()
        consumer._thread.thread_loop.close()
        return consumer


class Worker:
    """A worker process: a Faust app and the lanes that it runs."""

    def __init__(self, settings: Settings, slot: Slot, app: faust.App, registry: Registry) -> None:
        self.settings, self.slot, self.app, self.registry = settings, slot, app, registry
        self.lanes: list[LaneService] = []
        self.stops = StopReader(settings, settings.control, self._partition_decided)
        self.pages = serve_pages(app, settings.worker, self.health, instruments())
        self.stopping = asyncio.Event()
        self.exit_code = ExitCode.OK
        self._sending: set[asyncio.Future[None]] = set()

    def add_lane(self, definition: LaneDefinition) -> None:
        """Adds a lane: a channel, the agent that iterates over it, and the service that feeds it."""
        channel = self.app.channel(maxsize=0)

        def send(dispatched: Dispatched) -> None:
            # The channel is unbounded (a lane's slots bound it), so the put never waits, and puts stay in order.
            task = asyncio.ensure_future(channel.put(dispatched))  # type: ignore[arg-type] # Faust passes on any object
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

        lane = LaneService(
            self.settings,
            definition,
            bind(self.settings, definition.name),
            self.slot.number,
            self.registry,
            send,
            self.stops,
            self._fenced,
            self._refused,
        )
        self.app.agent(channel, name=f"lane.{definition.name}", concurrency=definition.slots)(take_batches)
        self.lanes.append(lane)

    async def life(self, leave: bool) -> ExitCode:
        """Starts everything, waits to be told to stop, drains, ends."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        await self.app.start()
        self.app.flow_control.resume()
        self.stops.start()
        LoginCheck(self.settings, lambda why: loop.call_soon_threadsafe(self._refused, why)).start()
        try:
            for lane in self.lanes:
                await lane.start()
            spare_collector()
            turns.begin()
            names = [lane.name for lane in self.lanes]
            announcing = asyncio.create_task(presence.keep_announcing(partial(self._announce, names)))
            log.info("worker started", slot=self.slot.number, lanes=names, web_port=self.pages.served_port)
            await self.stopping.wait()
            log.info("worker stopping", leave=leave)
            announcing.cancel()
            await asyncio.gather(*(lane.stop(leave=leave) for lane in self.lanes))
        finally:
            await asyncio.to_thread(self.stops.stop)
            await self.app.stop()
            self.registry.close()
        return self.exit_code

    def _announce(self, names: Sequence[str]) -> None:
        presence.announce(self.settings, self.slot.number, names, self.pages.served_port)

    def health(self) -> Health:
        """Whether the worker lives and is ready, and why not."""
        return judge(time.monotonic(), self.settings.worker.stall_seconds, [lane.state() for lane in self.lanes])

    def _partition_decided(self, key: StopKey, stop: Stop | None) -> None:
        """By the thread that follows operators' decisions."""
        for lane in self.lanes:
            if stop is None and lane.group == key.group:
                lane.resume_partition(key.topic, key.partition)

    def _fenced(self, why: str) -> None:
        log.error("the slot was taken over, this worker ends", why=why)
        self.exit_code = ExitCode.FENCED
        self.stopping.set()

    def _refused(self, why: str) -> None:
        log.error("the worker can't run so, it ends", why=why)
        sys.stderr.write(f"sluicegate: {why}\n")
        self.exit_code = ExitCode.USAGE
        self.stopping.set()


async def take_batches(batches: faust.StreamT[Dispatched]) -> None:
    """The Faust agent of every lane: takes micro-batches from the lane's channel and answers them."""
    async for run, batch in batches:
        await run.processing.run(batch)


def spare_collector() -> None:
    """Keeps Python's garbage collector away from what lives as long as the process, and from records in flight.

    A lane makes no cycles for a record, so what is done is freed by its last reference; a collection of some 100,000
    objects in flight finds nothing and holds up every thread for several milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(400_000, 20, 50)


def build(settings: Settings, lanes: Sequence[LaneDefinition], slot: Slot) -> Worker:
    """A worker with these lanes, joined and not started; a running event loop is needed."""
    data = settings.stack.directory / "faust"
    data.mkdir(parents=True, exist_ok=True)
    app = WorkerApp(
        f"sluicegate-{slot.number}",
        broker=f"kafka://{settings.kafka.bootstrap_servers}",
        store="memory://",
        **web_options(settings.worker),
        datadir=str(data),
    )
    registry = Registry(
        settings.registry.url,
        settings.registry.properties,
        retry_seconds=settings.registry.unknown_schema_retry_seconds,
    )
    worker = Worker(settings, slot, app, registry)
    for lane in lanes:
        worker.add_lane(lane)
    return worker


def run(settings: Settings, only: Sequence[str], slot: Slot, leave: bool) -> int:
    """Runs the lanes named (none: all) until told to stop (SIGTERM, SIGINT) or the slot is lost; the exit code.

    Blocks. Raises Misconfigured for an unknown name, and for lanes whose topics or groups clash.
    """
    lanes = definitions(settings, only)
    check_tenants(settings, stateful_among(lane.name for lane in lanes))
    check_bindings(bind(settings, lane.name) for lane in lanes)
    return run_lanes(settings, lanes, slot, leave)


def run_lanes(settings: Settings, lanes: Sequence[LaneDefinition], slot: Slot, leave: bool) -> int:
    """As `run`, for any lanes."""

    async def main() -> ExitCode:
        return await build(settings, lanes, slot).life(leave)

    return int(asyncio.run(main()))
