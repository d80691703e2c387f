"""A real host process: what it answers, what it survives, and what it leaves behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from processors import testing
from processors.contract import DeviceSettings
from processors.digits.declaration import declaration as digits
from processors.errors import ProcessorUnavailable, RunnerStopped
from processors.host.host import Host
from processors.testing import declare, request
from schemas.errors import Misconfigured
from schemas.outcome import Code, Completed, Failed
from streams.testing import eventually_async


@asynccontextmanager
async def running(kind: type[testing.Obedient], **options: str) -> AsyncIterator[Host]:
    """A started host of a tiny processor."""
    host = Host(declare(kind), DeviceSettings(options=options))
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


def batch(size: int, marked: set[int] | None = None, first: int = 0) -> list[dict[str, Any]]:
    return [request(first + row, b"!" if row in (marked or ()) else b"%d" % (first + row)) for row in range(size)]


async def test_batches_are_answered_in_order_each_record_run_once() -> None:
    async with running(testing.Obedient) as host:
        batches = [batch(7, first=100 * number) for number in range(6)]
        for records, inference in zip(
            batches, await asyncio.gather(*(host.infer(records) for records in batches)), strict=True
        ):
            assert inference.outcomes == [Completed({"payload": record["payload"]}) for record in records]
            assert inference.attempts == [1] * 7
        assert (await host.infer([])).outcomes == []
        assert host.describe()["restarts"] == 0


def kept_by_the_kernel() -> tuple[set[Path], int]:
    """The names of shared memory, and how many descriptors this process has."""
    return set(Path("/dev/shm").iterdir()), len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("size", [10, 70_000, 5_000_000])
async def test_large_batches_cross_in_nameless_memory_and_leave_nothing(size: int) -> None:
    async with running(testing.Obedient) as host:
        before = kept_by_the_kernel()
        payload = os.urandom(size)
        for _ in range(3):
            inference = await host.infer([request(1, b"x" + payload), request(2, b"y" + payload)])
            assert inference.outcomes == [
                Completed({"payload": b"x" + payload}),
                Completed({"payload": b"y" + payload}),
            ]
        assert kept_by_the_kernel() == before


async def test_the_host_imports_nothing_of_the_worker() -> None:
    async with running(testing.Telling) as host:
        (outcome,) = (await host.infer(batch(1))).outcomes
    assert isinstance(outcome, Completed)
    modules = outcome.output["payload"].decode().split()
    assert not [
        name for name in modules if name.split(".")[0] in ("faust", "mode", "streams", "sagas", "confluent_kafka")
    ]


@pytest.mark.parametrize(("number", "effect"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, 1)])
async def test_signals_meant_for_the_worker_do_not_end_the_host(number: signal.Signals, effect: int) -> None:
    async with running(testing.Slow, seconds="0.3") as host:
        assert host.pid
        inference = asyncio.create_task(host.infer(batch(4)))
        await asyncio.sleep(0.1)
        os.kill(host.pid, number)
        assert [type(outcome) for outcome in (await inference).outcomes] == [Completed] * 4
        assert host.restarts == effect


PARENT = """
import asyncio, sys
from processors.host.host import Host
from processors.testing import Slow, declare
async def main():
    host = Host(declare(Slow))
    await host.start()
    print(host.pid, flush=True)
    await host.infer([{"request_id": "r", "payload": b""}] * 2)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_the_host_dies_with_its_worker(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        host = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(number)
        parent.wait(10)
        host.wait(10)


async def test_a_host_whose_model_can_not_load_is_unavailable_and_says_why() -> None:
    host = Host(declare(testing.Unloadable))
    with pytest.raises(ProcessorUnavailable, match=r"FileNotFoundError: weights\.safetensors is missing"):
        await host.start()
    with pytest.raises(RunnerStopped):
        await host.infer(batch(1))
    await host.stop()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (DeviceSettings(device="gpu"), "digits can't start: .*'gpu' has no meaning; use auto, cpu, cuda"),
        (DeviceSettings(dtype="float8"), "'float8' is not supported; use one of float32"),
        (DeviceSettings(device="cpu", quantize="int8"), "has no int8 form; set quantize to none"),
    ],
)
async def test_settings_that_no_machine_can_follow_are_told_from_what_may_pass(
    settings: DeviceSettings, problem: str
) -> None:
    host = Host(digits, settings)
    with pytest.raises(Misconfigured, match=problem):
        await host.start()
    await host.stop()


async def test_a_host_that_crashes_while_loading_is_tried_again_then_unavailable() -> None:
    host = Host(declare(testing.Unloadable), DeviceSettings(options={"crash": "yes"}))
    with pytest.raises(ProcessorUnavailable, match=r"ended 3 times while loading \(the last: SIGABRT\)"):
        await host.start()
    await host.stop()


async def test_a_model_that_is_not_warm_in_time_is_unavailable() -> None:
    host = Host(declare(testing.Obedient), start_seconds=0.001)
    with pytest.raises(ProcessorUnavailable, match=r"not warm after 0.001 s"):
        await host.start()
    await host.stop()


async def test_what_is_in_flight_at_stop_is_answered_and_the_process_is_gone() -> None:
    async with running(testing.Slow, seconds="0.3") as host:
        pid = host.pid
        inference = asyncio.create_task(host.infer(batch(3)))
        await asyncio.sleep(0)
        await host.stop()
        assert len((await inference).outcomes) == 3
        assert pid is not None
        assert not psutil.pid_exists(pid)
        with pytest.raises(RunnerStopped):
            await host.infer(batch(1))


async def test_a_batch_that_hangs_at_stop_is_given_up() -> None:
    host = Host(declare(testing.Hanging), timeout_seconds=60)
    host._keeper.stop_seconds = 0.2
    await host.start()
    inference = asyncio.create_task(host.infer(batch(3, {1})))
    await asyncio.sleep(0)
    await host.stop()
    with pytest.raises(RunnerStopped, match="was stopped"):
        await inference


async def test_a_cancelled_batch_is_dropped_and_the_next_is_answered() -> None:
    async with running(testing.Slow, seconds="0.2") as host:
        dropped = [asyncio.create_task(host.infer(batch(2))) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in dropped:
            task.cancel()
        assert len((await host.infer(batch(3))).outcomes) == 3
        await eventually_async(lambda: host.load == 0)


async def test_a_cancelled_batch_that_kills_its_host_is_not_tried_again() -> None:
    async with running(testing.Crashing) as host:
        dropped = asyncio.create_task(host.infer(batch(8, {3})))
        await asyncio.sleep(0)
        dropped.cancel()
        await eventually_async(lambda: host.restarts == 1 and host.ready)
        assert len((await host.infer(batch(3))).outcomes) == 3
        assert host.restarts == 1


def started_again(host: Host, times: int) -> bool:
    return host.restarts == times and host.ready


async def test_a_host_that_is_killed_while_idle_is_started_again() -> None:
    async with running(testing.Obedient) as host:
        for restart in range(1, 4):
            assert host.pid
            os.kill(host.pid, signal.SIGKILL)
            await eventually_async(partial(started_again, host, restart))
        assert (await host.infer(batch(2))).attempts == [1, 1]


async def test_the_loop_is_not_blocked_while_the_host_works() -> None:
    async with running(testing.Slow, seconds="0.5") as host:
        inference = asyncio.create_task(host.infer([request(1, os.urandom(4_000_000))]))
        ticks = 0
        while not inference.done():
            await asyncio.sleep(0.005)
            ticks += 1
        assert ticks > 20


async def test_a_record_that_can_not_cross_is_refused_alone() -> None:
    async with running(testing.Obedient) as host:
        records = [*batch(3), {"request_id": "odd", "payload": (byte for byte in b"")}]
        inference = await host.infer(records)
        assert [type(outcome) for outcome in inference.outcomes] == [Completed] * 3 + [Failed]
        refused = inference.outcomes[3]
        assert isinstance(refused, Failed)
        assert refused.code is Code.PROCESSOR_FAILED
        assert "generator" in refused.message
