"""A Quix Streams application, exactly-once, with librdkafka tuned as for everybody else."""

from typing import Any

from quixstreams import Application  # type: ignore[import-not-found] # in another environment

from bench.peers.task import Task

COMMIT_SECONDS = 0.1


def application(task: Task, **more: Any) -> Any:
    """An application for this task, with a transaction each 100 ms."""
    return Application(
        task.bootstrap,
        consumer_group=task.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_SECONDS,
        state_dir=task.work,
        loglevel="WARNING",
        auto_create_topics=False,
        consumer_extra_config={"fetch.queue.backoff.ms": 2, "fetch.wait.max.ms": 10},
        producer_extra_config={"linger.ms": 2, "batch.size": 1 << 20, "queue.buffering.max.messages": 1_000_000},
        **more,
    )
