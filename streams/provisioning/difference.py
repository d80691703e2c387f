"""The plan against what is there: what to create, what to alter, what must be refused. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from streams.provisioning.topics import Topic


@dataclass(frozen=True, slots=True)
class Existing:
    """A topic as the cluster has it; `config` has at least the keys that the plan speaks of."""

    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alteration:
    """Settings of an existing topic that differ from the plan."""

    topic: str
    changes: dict[str, str]
    was: dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """What making the plan means. With `refusals`, nothing is made."""

    create: tuple[Topic, ...]
    alter: tuple[Alteration, ...]
    kept: tuple[str, ...]
    notices: tuple[str, ...]
    refusals: tuple[str, ...]


def difference(wanted: tuple[Topic, ...], existing: Mapping[str, Existing]) -> Difference:
    """What is to do so that the cluster has the topics wanted."""
    create: list[Topic] = []
    alter: list[Alteration] = []
    kept: list[str] = []
    notices: list[str] = []
    refusals: list[str] = []
    for topic in wanted:
        topic = with_partitions_of(topic, existing)
        there = existing.get(topic.name)
        if there is None:
            create.append(topic)
            continue
        refusals += refusal(topic, there)
        notices += notice(topic, there)
        changes = {} if topic.bound else changed(topic, there)
        if changes:
            was = {key: there.config.get(key, "") for key in changes}
            alter.append(Alteration(topic.name, changes, was))
        else:
            kept.append(topic.name)
    return Difference(tuple(create), tuple(alter), tuple(kept), tuple(notices), tuple(refusals))


def with_partitions_of(topic: Topic, existing: Mapping[str, Existing]) -> Topic:
    """The topic with the partition count of those that it must be like, where they exist."""
    counts = [existing[name].partitions for name in topic.like if name in existing]
    absent = topic.partitions if len(counts) < len(topic.like) or not counts else 0
    return replace(topic, partitions=max([*counts, absent]))


def changed(topic: Topic, there: Existing) -> dict[str, str]:
    """The settings that differ."""
    return {key: value for key, value in topic.config.items() if there.config.get(key) != value}


def refusal(topic: Topic, there: Existing) -> list[str]:
    """Why the topic cannot stay as it is: another partition count, with what to do."""
    if topic.bound or not topic.exact or there.partitions == topic.partitions:
        return []
    cause = f"topic {topic.name} has {there.partitions} partitions, and {topic.partitions} are wanted"
    if topic.like:
        return [
            f"{cause} ({topic.purpose} must have as many as {', '.join(topic.like)}): stop the workers, delete "
            f"{topic.name} and run `sluicegate init` again; repeats of what was answered before are then new requests"
        ]
    return [
        f"{cause}: Kafka takes no partition away, and an added one moves keys, which breaks their order and the memory "
        f"of repeats. Set topics.partitions to {there.partitions}; or bind the lane to a new topic; or let the workers "
        f"settle everything, stop them, delete {topic.name} and what belongs to it, and run `sluicegate init` again"
    ]


def notice(topic: Topic, there: Existing) -> list[str]:
    """What differs, and is left as it is."""
    notices = []
    if there.partitions != topic.partitions and not topic.exact and not topic.bound:
        notices.append(f"topic {topic.name} has {there.partitions} partitions, and {topic.partitions} are usual: fine")
    if there.replication != topic.replication and not topic.bound:
        notices.append(
            f"topic {topic.name} has {there.replication} replicas, and {topic.replication} are wanted: "
            "init leaves that; kafka-reassign-partitions changes it"
        )
    if topic.bound and changed(topic, there):
        differing = ", ".join(
            f"{key}={there.config.get(key)} (not {value})" for key, value in changed(topic, there).items()
        )
        notices.append(f"topic {topic.name} is yours and stays as it is: {differing}")
    return notices
