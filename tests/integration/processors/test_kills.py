"""Hosts that are killed from outside, at random moments and often: no innocent record is blamed, none is lost."""

import asyncio
import contextlib
import os
import random
import signal

import pytest

from processors import testing
from processors.contract import DeviceSettings
from processors.host.host import Host
from processors.host.pool import Pool
from processors.testing import declare, request
from schemas.outcome import Code, Completed, Failed, Outcome

KILLS = int(os.environ.get("SLUICEGATE_PROOF_KILLS", "20"))
SEED = int(os.environ.get("SLUICEGATE_PROOF_SEED", random.SystemRandom().randrange(2**32)))


async def kill_at_random(hosts: list[Host], chance: random.Random, kills: int) -> None:
    """SIGKILL a host, ready or not, after random pauses."""
    done = 0
    while done < kills:
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        pid = chance.choice(hosts).pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                done += 1


@pytest.mark.timeout(60 + 6 * KILLS)
@pytest.mark.parametrize("marked", [set(), {17, 203}], ids=["innocent", "two guilty among them"])
async def test_random_kills_of_the_host_blame_no_innocent_record(marked: set[int]) -> None:
    chance = random.Random(SEED)
    host = Host(declare(testing.Marked), DeviceSettings(options={"seconds": "0.02"}), timeout_seconds=5)
    await host.start()
    killer = asyncio.create_task(kill_at_random([host], chance, KILLS))
    answered: dict[int, Outcome] = {}
    number = 0
    try:
        while not killer.done() or number < 512:
            batches = [list(range(number + 16 * place, number + 16 * place + 16)) for place in range(2)]
            number += 32
            requests = [[request(row, b"!" if row in marked else b"%d" % row) for row in rows] for rows in batches]
            inferences = await asyncio.gather(*(host.infer(each) for each in requests))
            for rows, inference in zip(batches, inferences, strict=True):
                answered.update(zip(rows, inference.outcomes, strict=True))
        await killer
    finally:
        killer.cancel()
        await host.stop()
    assert host.restarts >= KILLS / 2
    guilty = {row: outcome.code for row, outcome in answered.items() if isinstance(outcome, Failed)}
    assert guilty == dict.fromkeys(marked, Code.PROCESSOR_FAILED), f"SLUICEGATE_PROOF_SEED={SEED} repeats this"
    assert all(answered[row] == Completed({"payload": b"%d" % row}) for row in answered.keys() - marked)


async def test_while_one_device_is_killed_again_and_again_the_others_answer() -> None:
    hosts = [Host(declare(testing.Slow), DeviceSettings(options={"seconds": "0.02"})) for _ in range(2)]
    pool = Pool(hosts)
    await pool.start()
    killer = asyncio.create_task(kill_at_random([hosts[0]], random.Random(SEED), 5))
    try:
        while not killer.done():
            outcomes = (await pool.infer([request(row, b"x") for row in range(8)])).outcomes
            assert outcomes == [Completed({"payload": b"x"})] * 8
            assert pool.ready
        await killer
    finally:
        killer.cancel()
        await pool.stop()
    assert 1 <= hosts[0].restarts <= 5
    assert pool.restarts == hosts[0].restarts
    assert hosts[1].restarts == 0
