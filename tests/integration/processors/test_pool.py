"""Several devices: one host each."""

import asyncio

import psutil
import pytest

from processors import testing
from processors.contract import DeviceSettings
from processors.errors import ProcessorUnavailable
from processors.host.host import Host
from processors.host.pool import Pool
from processors.runners import runner_for
from processors.testing import declare, request


async def test_batches_go_to_the_device_with_the_least_to_do() -> None:
    slow = DeviceSettings(options={"seconds": "0.2"})
    pool = runner_for(declare(testing.Slow), [slow, slow, slow])
    assert isinstance(pool, Pool)
    await pool.start()
    try:
        assert pool.slots == 6
        assert pool.ready
        running = [asyncio.create_task(pool.infer([request(row) for row in range(size)])) for size in (9, 5, 5, 1)]
        await asyncio.sleep(0.05)
        assert [host.load for host in pool.hosts] == [9, 6, 5]
        await asyncio.gather(*running)
        assert [device["ready"] for device in pool.describe()["devices"]] == [True] * 3
        assert len({device["pid"] for device in pool.describe()["devices"]}) == 3
    finally:
        await pool.stop()


async def test_a_pool_with_a_device_that_can_not_start_stops_the_others_and_says_why() -> None:
    hosts = [Host(declare(kind)) for kind in (testing.Obedient, testing.Unloadable)]
    with pytest.raises(ProcessorUnavailable, match="is missing"):
        await Pool(hosts).start()
    assert not [child for child in psutil.Process().children() if "processors.host.child" in child.cmdline()]
