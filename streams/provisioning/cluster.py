"""The cluster's side of provisioning: reading what topics there are, and making the difference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import stamina
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from schemas.errors import SluicegateError
from streams.provisioning.difference import Alteration, Difference, Existing, Widening
from streams.provisioning.topics import Topic

SECONDS = 10.0


class Refused(SluicegateError):
    """The cluster is such that the plan must not be made; the text says what to do."""


class NotThereYet(SluicegateError):
    """A topic that was just made has no leader yet."""


@dataclass(slots=True)
class Made:
    """What was really done."""

    created: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)


class Cluster:
    """An administrator's view of one cluster. Every method blocks, and raises KafkaException when nobody answers."""

    def __init__(self, admin: AdminClient) -> None:
        self.admin = admin

    def existing(self, wanted: Iterable[Topic]) -> dict[str, Existing]:
        """Those of the topics that are there, with their settings."""
        names = {topic.name for topic in wanted}
        there = {name: found for name, found in self.admin.list_topics(timeout=SECONDS).topics.items() if name in names}
        configs = self.configs(there)
        return {
            name: Existing(
                partitions=len(found.partitions),
                replication=min((len(one.replicas) for one in found.partitions.values()), default=0),
                config=configs[name],
            )
            for name, found in there.items()
        }

    def configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """The settings of topics, defaults included."""
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        if not resources:
            return {}
        described = self.admin.describe_configs(resources, request_timeout=SECONDS)
        return {
            resource.name: {key: entry.value or "" for key, entry in future.result().items()}
            for resource, future in described.items()
        }

    def make(self, change: Difference) -> Made:
        """Creates, widens and alters. Raises Refused, having done nothing, when the difference has refusals."""
        if change.refusals:
            raise Refused("; ".join(change.refusals))
        made = Made(created=self.create(change.create))
        for widening in change.widen:
            self.widen(widening)
            made.widened.append(widening.topic)
        self.wait_for_leaders({one.name: one.partitions for one in change.create})
        self.wait_for_leaders({one.topic: one.partitions for one in change.widen})
        for alteration in change.alter:
            self.alter(alteration)
            made.altered.append(alteration.topic)
        return made

    def create(self, topics: Iterable[Topic]) -> list[str]:
        """Creates topics; one that somebody else made meanwhile is no error."""
        new = [
            NewTopic(topic.name, topic.partitions, replication_factor=topic.replication, config=topic.config)
            for topic in topics
        ]
        if not new:
            return []
        created = []
        futures = self.admin.create_topics(new, operation_timeout=SECONDS, request_timeout=SECONDS)
        for name, future in futures.items():
            try:
                future.result()
                created.append(name)
            except KafkaException as error:
                self.explain(name, error)
        return created

    def explain(self, name: str, error: KafkaException) -> None:
        """Raises Refused with the topic's name, unless the topic is simply there already."""
        cause = error.args[0]
        if cause.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return
        hint = ""
        if cause.code() == KafkaError.INVALID_REPLICATION_FACTOR:
            hint = "; set topics.replication to at most the number of brokers"
        elif cause.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED):
            hint = (
                "; this user may not create topics: let one create them who may (`sluicegate init --print` shows them)"
            )
        raise Refused(f"topic {name} was not created: {cause.str()}{hint}") from error

    @stamina.retry(on=NotThereYet, attempts=None, timeout=SECONDS, wait_initial=0.02, wait_max=0.5)
    def wait_for_leaders(self, partitions: Mapping[str, int]) -> None:
        """Blocks until every partition of the topics has a leader; raises NotThereYet at the end of its time."""
        if not partitions:
            return
        topics = self.admin.list_topics(timeout=SECONDS).topics
        for name, number in partitions.items():
            found = topics[name].partitions if name in topics else {}
            leaders = sum(one.leader >= 0 for one in found.values())
            if leaders < number:
                raise NotThereYet(f"topic {name}: {leaders} of {number} partitions have a leader: are all brokers up?")

    def widen(self, widening: Widening) -> None:
        """Adds partitions to one topic; raises Refused with the cluster's reason."""
        new = [NewPartitions(widening.topic, widening.partitions)]
        try:
            self.admin.create_partitions(new, operation_timeout=SECONDS, request_timeout=SECONDS)[
                widening.topic
            ].result()
        except KafkaException as error:
            raise Refused(f"topic {widening.topic} was not widened: {error.args[0].str()}") from error

    def alter(self, alteration: Alteration) -> None:
        """Changes settings of one topic; raises Refused with the cluster's reason."""
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in alteration.changes.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, alteration.topic, incremental_configs=entries)
        try:
            self.admin.incremental_alter_configs([resource], request_timeout=SECONDS)[resource].result()
        except KafkaException as error:
            raise Refused(f"topic {alteration.topic} was not altered: {error.args[0].str()}") from error
