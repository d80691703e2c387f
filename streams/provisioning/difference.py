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
class Widening:
    """An existing topic that follows its requests, and has fewer partitions than they have now."""

    topic: str
    partitions: int
    was: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What making the plan means. With `refusals`, nothing is made."""

    create: tuple[Topic, ...]
    alter: tuple[Alteration, ...]
    kept: tuple[str, ...]
    notices: tuple[str, ...]
    refusals: tuple[str, ...]
    widen: tuple[Widening, ...] = ()


def difference(wanted: tuple[Topic, ...], existing: Mapping[str, Existing]) -> Difference:
    """What is to do so that the cluster has the topics wanted."""
    create: list[Topic] = []
    alter: list[Alteration] = []
    kept: list[str] = []
    notices: list[str] = []
    wrong: list[tuple[Topic, Existing]] = []
    widen: list[Widening] = []
    for topic in wanted:
        topic = with_partitions_of(topic, existing)
        there = existing.get(topic.name)
        if there is None:
            create.append(topic)
            continue
        if is_narrow(topic, there):
            widen.append(Widening(topic.name, topic.partitions, there.partitions))
        elif is_wrong(topic, there):
            wrong.append((topic, there))
        notices += notice(topic, there)
        changes = {} if topic.bound else changed(topic, there)
        if changes:
            was = {key: there.config.get(key, "") for key in changes}
            alter.append(Alteration(topic.name, changes, was))
        elif not is_narrow(topic, there):
            kept.append(topic.name)
    return Difference(tuple(create), tuple(alter), tuple(kept), tuple(notices), refuse(wrong), tuple(widen))


def with_partitions_of(topic: Topic, existing: Mapping[str, Existing]) -> Topic:
    """The topic with the partition count of those that it must be like, where they exist."""
    counts = [existing[name].partitions for name in topic.like if name in existing]
    absent = topic.partitions if len(counts) < len(topic.like) or not counts else 0
    return replace(topic, partitions=max([*counts, absent]))


def changed(topic: Topic, there: Existing) -> dict[str, str]:
    """The settings that differ."""
    return {key: value for key, value in topic.config.items() if there.config.get(key) != value}


def is_narrow(topic: Topic, there: Existing) -> bool:
    """Whether its requests were given partitions that it lacks. It has no keys that could move: it may be widened."""
    return topic.exact and not topic.bound and bool(topic.like) and there.partitions < topic.partitions


def is_wrong(topic: Topic, there: Existing) -> bool:
    """Whether its number of partitions must not stay as it is."""
    return topic.exact and not topic.bound and there.partitions != topic.partitions


def refuse(wrong: list[tuple[Topic, Existing]]) -> tuple[str, ...]:
    """Why these topics cannot stay as they are, with what to do: a line for requests, one for what follows them."""
    leading = [(topic, there) for topic, there in wrong if not topic.like]
    following = [(topic, there) for topic, there in wrong if topic.like]
    lines = []
    if leading:
        numbers = ", ".join(sorted({str(there.partitions) for _, there in leading}))
        lines.append(
            f"{counted(leading)}: Kafka takes no partition away, and an added one moves keys, which breaks their order "
            f"and the memory of repeats. Set topics.partitions back to {numbers}; or bind the lane to new topics; or "
            "let the workers settle everything, stop them, delete the lane's topics, and run `sluicegate init` again"
        )
    if following:
        lines.append(
            f"{counted(following)}, as many as the requests: stop the workers, delete these topics and run "
            "`sluicegate init` again; repeats of what was answered before are then new requests"
        )
    return tuple(lines)


def counted(wrong: list[tuple[Topic, Existing]]) -> str:
    """The topics with what they have and should have."""
    return ", ".join(
        f"{topic.name} has {there.partitions} partitions and {topic.partitions} are wanted" for topic, there in wrong
    )


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
