"""Plans made on a real cluster and a real registry."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from confluent_kafka.admin import NewPartitions

from schemas.errors import SchemaNotFound
from streams.binding import bind
from streams.client import ClusterUnreachable, connection
from streams.provisioning.cluster import Cluster, Made, Refused
from streams.provisioning.difference import difference
from streams.provisioning.plan import Plan, plan_for
from streams.provisioning.provision import provision
from streams.provisioning.start_check import check_at_start
from streams.provisioning.topics import Topic, compacted, kept_for
from streams.settings import KafkaSettings, LaneSettings, Settings, override
from streams.testing import eventually


@pytest.fixture
def cluster(settings: Settings) -> Cluster:
    return Cluster(connection.admin(settings))


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def make(cluster: Cluster, *topics: Topic) -> Made:
    return cluster.make(difference(topics, cluster.existing(topics)))


def test_topics_are_made_with_their_sizes_once(cluster: Cluster) -> None:
    config = kept_for(600_000, 100_000) | {"compression.type": "uncompressed"}
    requests = Topic(unique("requests"), "requests", 3, 1, config)
    state = Topic(unique("state"), "state", 3, 1, compacted(50_000), like=(requests.name,))
    assert sorted(make(cluster, requests, state).created) == sorted([requests.name, state.name])
    there = cluster.existing([requests, state])
    assert {name: found.partitions for name, found in there.items()} == {requests.name: 3, state.name: 3}
    assert config.items() <= there[requests.name].config.items()
    assert there[state.name].config["cleanup.policy"] == "compact"
    assert make(cluster, requests, state) == Made()


def test_a_changed_partition_count_is_refused_and_nothing_is_made(cluster: Cluster) -> None:
    old = Topic(unique("requests"), "requests", 2, 1, {})
    make(cluster, old)
    grown = Topic(old.name, "requests", 5, 1, {})
    new = Topic(unique("new"), "another", 1, 1, {})
    with pytest.raises(Refused, match=f"{old.name} has 2 partitions and 5 are wanted"):
        make(cluster, new, grown)
    assert list(cluster.existing([old, new])) == [old.name]
    assert cluster.existing([old])[old.name].partitions == 2


def test_what_follows_requests_that_were_given_partitions_is_widened(
    cluster: Cluster, new_topic: Callable[..., str]
) -> None:
    requests = Topic(new_topic("orders", partitions=2), "requests", 4, 1, {}, bound=True)
    state = Topic(unique("state"), "state", 4, 1, compacted(50_000), like=(requests.name,))
    make(cluster, requests, state)
    cluster.admin.create_partitions([NewPartitions(requests.name, 5)])[requests.name].result(10)
    eventually(lambda: cluster.existing([requests])[requests.name].partitions == 5)
    assert make(cluster, requests, state) == Made(widened=[state.name])
    assert cluster.existing([state])[state.name].partitions == 5
    assert make(cluster, requests, state) == Made()


def test_changed_settings_are_altered(cluster: Cluster) -> None:
    name = unique("requests")
    make(cluster, Topic(name, "requests", 1, 1, kept_for(600_000, 100_000)))
    longer = Topic(name, "requests", 1, 1, kept_for(900_000, 100_000))
    assert make(cluster, longer).altered == [name]
    assert cluster.existing([longer])[name].config["retention.ms"] == "900000"


def test_more_replicas_than_brokers_is_refused_with_the_setting(cluster: Cluster) -> None:
    with pytest.raises(Refused, match=r"set topics\.replication"):
        make(cluster, Topic(unique("requests"), "requests", 1, 3, {}))


@pytest.fixture
def bound(settings: Settings, new_topic: Callable[..., str]) -> Settings:
    """Lane echo, bound to a user's existing request topic of 6 partitions."""
    lane = LaneSettings(requests=(new_topic("orders", partitions=6),), results=unique("scores"), group=unique("group"))
    return override(
        settings, {"lanes": {"echo": lane}, "dead_letters": unique("letters"), "control": unique("control")}
    )


def partitions(settings: Settings, plan: Plan) -> dict[str, int]:
    counts = connection.partition_counts(connection.admin(settings), settings)
    return {topic.name: counts[topic.name] for topic in plan.topics}


def test_a_lane_on_a_users_topics_gets_what_is_missing_alike_and_leaves_theirs(bound: Settings) -> None:
    plan = plan_for(bound, ["echo"])
    binding = bind(bound, "echo")
    done = provision(bound, plan)
    assert set(done.created) == {binding.results, binding.repeats, binding.dead_letters, binding.control}
    assert done.topics.kept == binding.requests
    assert partitions(bound, plan) == {
        binding.requests[0]: 6,
        binding.results: 6,
        binding.repeats: 6,
        binding.dead_letters: 4,
        binding.control: 1,
    }
    assert len(done.schemas) == 4
    again = provision(bound, plan)
    assert (again.created, again.altered, again.schemas) == ((), (), ())


def test_a_worker_does_not_start_before_its_schemas_are_registered(bound: Settings) -> None:
    registry = connection.open_registry(bound)
    binding = bind(bound, "echo")
    with pytest.raises(SchemaNotFound, match="sluicegate schemas apply"):
        check_at_start(registry, bound, [binding])
    provision(bound, plan_for(bound, ["echo"]))
    check_at_start(registry, bound, [binding])
    registry.close()


def test_without_a_cluster_the_error_says_where_none_answers(settings: Settings) -> None:
    nobody = KafkaSettings(bootstrap_servers="127.0.0.1:1", properties={"socket.connection.setup.timeout.ms": "1000"})
    with pytest.raises(ClusterUnreachable, match=r"no Kafka answers at 127\.0\.0\.1:1"):
        provision(override(settings, {"kafka": nobody}), plan_for(settings, ["echo"]))
