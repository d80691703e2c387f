"""The topic on which a client gets its answers: its name, its making and its end."""

import logging
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.partitioner import partition_for
from streams.client.connection import ANSWER_SECONDS, explain, partition_counts
from streams.client.errors import NotAllowed, TopicMissing
from streams.client.login import WatchedAdmin
from streams.settings import Settings
from streams.tenants import prefix

PREFIX = "sluicegate.replies."
RETENTION_MS = 600_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyTopic:
    """Where answers come: the topic, the partitions to read, the key that leads there, and whose topic it is.

    `key` is None when any partition will do.
    """

    name: str
    partitions: tuple[int, ...]
    key: bytes | None = None
    own: bool = False


def prefix_of(settings: Settings) -> str:
    """What the reply topics of this user's clients begin with: a tenant's are the tenant's own."""
    return PREFIX if settings.tenant is None else f"{prefix(settings.tenant)}replies."


def create(client: AdminClient, settings: Settings, client_id: str) -> ReplyTopic:
    """Make a short-lived topic of one partition for this client alone. Blocks until the broker has it.

    Raises NotAllowed with the way out if this user may not create topics, ClusterUnreachable if nobody answers.
    """
    name = prefix_of(settings) + client_id
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(RETENTION_MS),
        "segment.ms": str(RETENTION_MS),
        "max.message.bytes": str(settings.topics.max_message_bytes),
    }
    topic = NewTopic(name, num_partitions=1, replication_factor=settings.topics.replication, config=config)
    future = client.create_topics([topic], request_timeout=ANSWER_SECONDS)[name]
    try:
        future.result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise _refused(error, settings, name) from None
    return ReplyTopic(name, (0,), own=True)


def _refused(error: KafkaException, settings: Settings, name: str) -> Exception:
    cause = explain(error, settings, f"creating the topic {name!r}")
    if isinstance(cause, NotAllowed):
        return NotAllowed(f"{cause}; pass reply_topic=, an existing topic that this user may read")
    return cause


def shared(client: WatchedAdmin, settings: Settings, name: str, partition: int | None, client_id: str) -> ReplyTopic:
    """An existing topic for the answers, the whole of it or one partition, which the answers' key then leads to.

    Raises TopicMissing; ValueError for a partition that the topic does not have.
    """
    counts = partition_counts(client, settings)
    if name not in counts:
        raise TopicMissing(name, "create it, or leave reply_topic out and the client makes its own")
    count = counts[name]
    if partition is None:
        return ReplyTopic(name, tuple(range(count)))
    if not 0 <= partition < count:
        raise ValueError(f"reply_partition {partition} is not in {name!r}, which has partitions 0 to {count - 1}")
    return ReplyTopic(name, (partition,), key=key_for(partition, count, client_id))


def key_for(partition: int, count: int, client_id: str) -> bytes:
    """A key of this client's that Kafka's murmur2 places on this partition."""
    number = 0
    while True:
        key = f"{client_id}-{number}".encode()
        if partition_for(key, count) == partition:
            return key
        number += 1


def delete(client: AdminClient, name: str) -> None:
    """Remove a client's own topic; a failure is logged, for retention empties what stays. Blocks."""
    try:
        client.delete_topics([name], request_timeout=ANSWER_SECONDS)[name].result()
    except KafkaException as error:
        log.warning("the reply topic %s stays: %s", name, error.args[0].str())
