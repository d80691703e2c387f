"""What the cluster says of topics that answers go to: whether they are there, and how large a record may be."""

import asyncio
import time
from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

REQUEST_SECONDS = 5.0
KNOWN_SECONDS, UNKNOWN_SECONDS = 60.0, 5.0


class Directory:
    """Remembers topics for a while; `ceiling` is the largest record that our own producer takes.

    `learn` asks the cluster off the event loop; the others answer at once.
    """

    def __init__(self, admin: AdminClient, default_limit: int, ceiling: int) -> None:
        self._admin = admin
        self._default_limit = default_limit
        self._ceiling = ceiling
        self._limits: dict[str, int] = {}
        self._partitions: dict[str, int] = {}
        self._problems: dict[str, str | None] = {}
        self._until: dict[str, float] = {}
        self._refused: dict[str, tuple[str, float]] = {}

    def limit(self, topic: str) -> int:
        """The largest record that the topic takes, in bytes."""
        return min(self._limits.get(topic, self._default_limit), self._ceiling)

    def problem(self, topic: str) -> str | None:
        """Why no answer can go to this topic, or None; a topic that was not learnt has a problem."""
        refused, at = self._refused.get(topic, ("", 0.0))
        if refused and time.monotonic() - at < KNOWN_SECONDS:
            return refused
        return self._problems.get(topic, f"reply-to {topic!r} is not known")

    def partitions(self, topic: str) -> int | None:
        """How many partitions the topic has; None for one that was not learnt."""
        return self._partitions.get(topic)

    def refuse(self, topic: str, why: str) -> None:
        """Notes that the cluster refused a record for this topic."""
        self._refused[topic] = (f"reply-to {topic!r}: the cluster refused a record: {why}", time.monotonic())

    def forget(self) -> None:
        """What is known may have changed: asks anew. What was refused stays so for a while."""
        self._until.clear()

    async def learn(self, topics: Iterable[str]) -> None:
        """Asks for those topics that are not known, or no longer. Raises KafkaException when the cluster is away."""
        now = time.monotonic()
        asked = {topic for topic in topics if self._until.get(topic, 0.0) <= now}
        if asked:
            await asyncio.to_thread(self.learn_now, asked)

    def learn_now(self, topics: Iterable[str]) -> None:
        """As `learn`, blocking."""
        for topic in topics:
            self._learn_one(topic)

    def _learn_one(self, topic: str) -> None:
        found = self._admin.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
        error = found.error
        if error is None:
            self._problems[topic] = None
            self._partitions[topic] = len(found.partitions)
            self._limits[topic] = self._limit_of(topic)
            self._until[topic] = time.monotonic() + KNOWN_SECONDS
            return
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            why = "there is no such topic; create it first"
        elif error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            why = "the worker may not see it; grant it Describe and Write"
        elif error.code() == KafkaError.TOPIC_EXCEPTION:
            why = "it is not a legal topic name"
        else:
            raise KafkaException(error)
        self._problems[topic] = f"reply-to {topic!r}: {why}"
        self._until[topic] = time.monotonic() + UNKNOWN_SECONDS

    def _limit_of(self, topic: str) -> int:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        try:
            described = self._admin.describe_configs([resource], request_timeout=REQUEST_SECONDS)
            return int(described[resource].result(REQUEST_SECONDS)["max.message.bytes"].value)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise
            return self._default_limit
