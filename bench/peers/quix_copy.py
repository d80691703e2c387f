"""Quix Streams, exactly-once, copies a topic's bytes; a transaction each 100 ms, a static member of its group."""

from quixstreams import Application  # type: ignore[import-not-found] # in another environment

from bench.peers.copy_task import CopyTask

COMMIT_SECONDS = 0.1


def main() -> None:
    """Runs until it is told to stop."""
    task = CopyTask.told()
    app = Application(
        task.bootstrap,
        consumer_group=task.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_SECONDS,
        state_dir=task.work,
        loglevel="WARNING",
        auto_create_topics=False,
        consumer_poll_timeout=COMMIT_SECONDS,
        consumer_extra_config={
            "group.instance.id": task.instance,
            "session.timeout.ms": task.session_ms,
            "heartbeat.interval.ms": task.session_ms // 10,
            "fetch.queue.backoff.ms": 2,
            "fetch.wait.max.ms": 10,
        },
        producer_extra_config={"linger.ms": 2, "transaction.timeout.ms": task.transaction_ms},
    )
    raw = {
        "key_deserializer": "bytes",
        "value_deserializer": "bytes",
        "key_serializer": "bytes",
        "value_serializer": "bytes",
    }
    source, target = app.topic(task.source, **raw), app.topic(task.target, **raw)
    app.dataframe(source).to_topic(target)
    app.run()


if __name__ == "__main__":
    main()
