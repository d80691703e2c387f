"""Faust in its own exactly-once mode copies a topic's bytes; a static member of its group, offsets each 100 ms."""

import sys
from typing import Any

import faust

from bench.peers.copy_task import CopyTask

COMMIT_SECONDS = 0.1


def application(task: CopyTask) -> faust.App:
    """The application: one agent that sends on what it gets."""
    app = faust.App(
        task.group,
        broker=f"kafka://{task.bootstrap}",
        store="memory://",
        processing_guarantee="exactly_once",
        topic_partitions=4,
        web_enabled=False,
        datadir=task.work,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=task.instance,
        broker_session_timeout=task.session_ms / 1000,
        broker_heartbeat_interval=task.session_ms / 10_000,
        broker_commit_interval=COMMIT_SECONDS,
        stream_wait_empty=False,
        producer_linger_ms=2,
    )
    raw: dict[str, Any] = {"value_type": bytes, "value_serializer": "raw", "key_type": bytes, "key_serializer": "raw"}
    source, target = app.topic(task.source, **raw), app.topic(task.target, **raw)

    @app.agent(source)
    async def copy(stream: faust.StreamT[bytes]) -> None:
        async for event in stream.events():
            await target.send(key=event.key, value=event.value)

    return app


if __name__ == "__main__":
    faust.Worker(application(CopyTask.told()), loglevel="warning", logfile=None).execute_from_commandline()
    sys.exit(0)
