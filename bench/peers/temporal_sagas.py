"""Sagas on Temporal: three activities that do nothing, with compensations; worker and client in one process.

Prints workflows a second. `python -m bench.peers.temporal_sagas 127.0.0.1:7233 2000 100`: server, workflows, how many
at once.
"""

import asyncio
import sys
import time
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "sagas"
PATIENCE = timedelta(seconds=30)


@activity.defn
async def reserve(text: str) -> str:
    """A step."""
    return text


@activity.defn
async def pack(text: str) -> str:
    """A step."""
    return text


@activity.defn
async def send(text: str) -> str:
    """A step."""
    return text


@activity.defn
async def undo(text: str) -> str:
    """What compensates any of them."""
    return text


@workflow.defn
class ThreeSteps:
    """A saga as Temporal's users write one: what is done is noted, and undone in reverse when a step fails."""

    @workflow.run
    async def run(self, text: str) -> str:
        """The three steps in turn."""
        begun = 0
        try:
            for step in (reserve, pack, send):
                begun += 1
                text = await workflow.execute_activity(step, text, start_to_close_timeout=PATIENCE)
        except Exception:
            for _ in range(begun):
                await workflow.execute_activity(undo, text, start_to_close_timeout=PATIENCE)
            raise
        return text


async def measure(server: str, count: int, at_once: int) -> float:
    """Workflows a second, after one to warm up."""
    client = await Client.connect(server)
    room = asyncio.Semaphore(at_once)

    async def one(name: str) -> None:
        async with room:
            said = await client.execute_workflow(ThreeSteps.run, name, id=name, task_queue=QUEUE)
            if said != name:
                raise ValueError(f"workflow {name} returned {said!r}")

    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[ThreeSteps],
        activities=[reserve, pack, send, undo],
        max_concurrent_activities=200,
        max_concurrent_workflow_tasks=100,
    ):
        await one("to-warm-up")
        began = time.monotonic()
        await asyncio.gather(*(one(f"saga-{number}") for number in range(count)))
        return count / (time.monotonic() - began)


if __name__ == "__main__":
    print(asyncio.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
