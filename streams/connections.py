"""The librdkafka properties of each client that a lane uses, and why they are what they are.

What a user sets wins over all of it, except for what exactly-once stands on.
"""

from typing import Any

from streams.binding import Binding
from streams.settings import Settings
from streams.slots import instance_id, transactional_ids

SILENT: dict[str, Any] = {"log_level": 0}
"""For a client whose calls say what fails: without it librdkafka writes to stderr, past the log, for each try."""


def member(settings: Settings, binding: Binding, slot: int) -> dict[str, Any]:
    """The consumer that is a member of the lane's group."""
    kafka, lane = settings.kafka, settings.lane(binding.name)
    tuned = {
        "client.id": f"sluicegate-{binding.name}-{slot}",
        # Librdkafka's default of 1,000 ms starves a fast consumer: a quarter of the throughput.
        "fetch.queue.backoff.ms": 2,
        "fetch.wait.max.ms": 10,
        "queued.max.messages.kbytes": 65_536,
        "reconnect.backoff.max.ms": 1_000,
        # A member learns by its heartbeat that another one is gone: this much is added to a session's time-out.
        "heartbeat.interval.ms": min(500, kafka.session_timeout_ms // 4),
    }
    fixed = {
        "group.id": binding.group,
        "group.instance.id": instance_id(binding.group, slot),
        "group.protocol": "classic",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": kafka.session_timeout_ms,
        "max.poll.interval.ms": max(kafka.max_poll_interval_ms, kafka.session_timeout_ms),
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        # Never a silent jump: a lane sets its positions itself.
        "auto.offset.reset": "error",
    }
    return {**kafka.client(**tuned), **kafka.consumer, **lane.consumer, **fixed}


def administrator(settings: Settings) -> dict[str, Any]:
    """What asks about topics and groups."""
    return settings.kafka.client(**SILENT)


def reader(settings: Settings, binding: Binding, isolation: str = "read_committed") -> dict[str, Any]:
    """A consumer that reads without being a member; `group.id` lets it ask for committed offsets."""
    base = settings.kafka.client(**{**SILENT, "fetch.queue.backoff.ms": 2, "fetch.wait.max.ms": 10})
    fixed = {
        "group.id": binding.group,
        "isolation.level": isolation,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
    }
    return {**base, **settings.kafka.consumer, **fixed}


def producer(settings: Settings, binding: Binding) -> dict[str, Any]:
    """The producer of a lane's outputs, not transactional."""
    kafka, lane = settings.kafka, settings.lane(binding.name)
    tuned = {
        "client.id": f"sluicegate-{binding.name}",
        "linger.ms": 1,
        "batch.size": 1 << 20,
        "queue.buffering.max.messages": 1_000_000,
        # A transaction begun while the last one's markers are being written is retried after the back-off: the
        # default of 100 ms makes that the latency's 99th percentile.
        "retry.backoff.ms": 5,
        "retry.backoff.max.ms": 20,
        "reconnect.backoff.max.ms": 1_000,
        # A reply topic that vanished holds the whole transaction up for as long; the default is 30 s.
        "topic.metadata.propagation.max.ms": 3_000,
        "delivery.report.only.error": False,
        # One key has one partition, whoever sends it: Java's clients hash like this.
        "partitioner": "murmur2_random",
        "message.max.bytes": 2 * max(settings.topics.max_message_bytes, settings.topics.dead_letter_max_message_bytes),
    }
    fixed = {"enable.idempotence": True}
    return {**kafka.client(**tuned), **kafka.producer, **lane.producer, **fixed}


def transactional(settings: Settings, binding: Binding, identity: str) -> dict[str, Any]:
    """The transactional producer with this transactional id."""
    tuned = {
        # What librdkafka does when every broker is away (to forget them all, and begin with the first addresses again)
        # keeps a question that was asked for a coordinator waiting for ever. A lane makes these producers anew itself.
        "metadata.recovery.strategy": "none",
    }
    fixed = {
        "transactional.id": identity,
        "transaction.timeout.ms": settings.kafka.transaction_timeout_ms,
    }
    return {**tuned, **producer(settings, binding), **fixed}


def transactional_for(settings: Settings, binding: Binding, slot: int) -> list[dict[str, Any]]:
    """The transactional producers of a slot."""
    return [transactional(settings, binding, identity) for identity in transactional_ids(binding.group, slot)]
