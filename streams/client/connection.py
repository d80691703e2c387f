"""Kafka clients for the command line and the Python client, and what is on the cluster.

Each takes the user's own librdkafka properties, which win over the defaults here.
"""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from schemas.registry import Registry
from streams.client.errors import ClusterUnreachable, NotAllowed, TopicMissing
from streams.client.login import WatchedAdmin
from streams.settings import Settings
from streams.tenants import prefix

READERS = "sluicegate-"
"""What the groups of readers begin with: they are never joined, but librdkafka asks after them."""

ANSWER_SECONDS = 10.0
FIRST_SECONDS = 5.0
"""How long the first answer of a cluster may take: whoever mistyped an address should know soon."""

log = logging.getLogger(__name__)


def _note(what: str, error: KafkaError) -> None:
    """Keep librdkafka's remarks on lost connections out of a command's output; calls report their own failures."""
    log.debug("%s: %s", what, error.str())


def quiet(what: str) -> dict[str, Any]:
    """Properties that send librdkafka's chatter to the debug log."""
    return {"client.id": f"sluicegate-{what}", "error_cb": partial(_note, what), "log_level": 0}


def producer(settings: Settings, what: str = "client", **extra: Any) -> Producer:
    """A producer that sends each record once and places keys as Java's clients do (murmur2)."""
    defaults = {
        **quiet(what),
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "linger.ms": 2,
        "delivery.timeout.ms": 30_000,
        **extra,
    }
    return Producer({**settings.kafka.client(**defaults), **settings.kafka.producer})


def consumer(settings: Settings, what: str = "client", **extra: Any) -> Consumer:
    """A consumer for assigned partitions: it sees committed records only, joins no group and commits nothing."""
    defaults = {
        **quiet(what),
        "group.id": f"{reader_prefix(settings.tenant)}{what}-{uuid4().hex[:12]}",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "fetch.queue.backoff.ms": 2,
        **extra,
    }
    return Consumer({**settings.kafka.client(**defaults), **settings.kafka.consumer})


def reader_prefix(tenant: str | None) -> str:
    """What the group of a reader begins with: a tenant may ask after its own alone."""
    return READERS if tenant is None else prefix(tenant)


def admin(settings: Settings) -> WatchedAdmin:
    """A client for topics and groups."""
    return WatchedAdmin(settings.kafka.client(**quiet("admin")), partial(_note, "admin"))


def open_registry(settings: Settings) -> Registry:
    """The registry; it is asked nothing yet."""
    registry = settings.registry
    return Registry(registry.url, registry.properties, retry_seconds=registry.unknown_schema_retry_seconds)


def partition_counts(client: WatchedAdmin, settings: Settings, wait: float = FIRST_SECONDS) -> dict[str, int]:
    """How many partitions each topic of the cluster has. Blocks up to `wait` seconds.

    It asks for all topics: to ask for one by name can create it. Raises ClusterUnreachable, LoginRefused.
    """
    try:
        topics = client.metadata(wait).topics
    except KafkaException as error:
        away = ClusterUnreachable(settings.kafka.bootstrap_servers, error.args[0].str())
        raise client.trouble.suspicion() or away from None
    return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}


def require_topics(client: WatchedAdmin, settings: Settings, names: Iterable[str]) -> dict[str, int]:
    """The partition counts of these topics. Raises TopicMissing for the first that is not there, or not to be seen."""
    counts = partition_counts(client, settings)
    for name in names:
        if name not in counts:
            raise TopicMissing(name)
    return {name: counts[name] for name in names}


def explain(error: KafkaException, settings: Settings, what: str) -> Exception:
    """The client's error for what the cluster said while doing `what`."""
    detail: KafkaError = error.args[0]
    if detail.code() in {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT}:
        return ClusterUnreachable(settings.kafka.bootstrap_servers, detail.str())
    if "AUTHORIZATION" in detail.name():
        return NotAllowed(f"the cluster does not allow {what}: {detail.str()}")
    return error
