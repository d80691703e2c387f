"""What is known of topics: whether answers can go there, how large they may be, and for how long that is believed."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import directory
from streams.directory import KNOWN_SECONDS, UNKNOWN_SECONDS, Directory

DEFAULT, CEILING = 1_000, 5_000
MISSING, FORBIDDEN = KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED


class Cluster:
    """An admin client as far as Directory uses one: topics with a limit, or with an error code."""

    def __init__(self) -> None:
        self.limits: dict[str, int] = {}
        self.errors: dict[str, int] = {}
        self.config_error: int | None = None
        self.asked: list[str] = []

    def list_topics(self, topic: str, timeout: float) -> Any:
        self.asked.append(topic)
        code = self.errors.get(topic, None if topic in self.limits else MISSING)
        error = None if code is None else KafkaError(code)
        return SimpleNamespace(topics={topic: SimpleNamespace(error=error, partitions={0: None, 1: None})})

    def describe_configs(self, resources: list[Any], request_timeout: float) -> dict[Any, Any]:
        return {
            resource: SimpleNamespace(result=lambda _, name=resource.name: self.config(name)) for resource in resources
        }

    def config(self, topic: str) -> dict[str, Any]:
        if self.config_error is not None:
            raise KafkaException(KafkaError(self.config_error))
        return {"max.message.bytes": SimpleNamespace(value=str(self.limits[topic]))}


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(directory, "time", made)
    return made


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.limits["replies"] = 2_000
    return made


@pytest.fixture
def known(cluster: Cluster, clock: Clock) -> Directory:
    admin: Any = cluster
    return Directory(admin, DEFAULT, CEILING)


def test_a_topic_that_was_not_learnt_has_a_problem_and_the_default_limit(known: Directory) -> None:
    assert known.problem("replies") == "reply-to 'replies' is not known"
    assert known.limit("replies") == DEFAULT


def test_a_topic_that_is_there_takes_records_up_to_its_limit(known: Directory) -> None:
    known.learn_now(["replies"])
    assert (known.problem("replies"), known.limit("replies")) == (None, 2_000)


def test_no_limit_is_above_what_our_producer_takes(known: Directory, cluster: Cluster) -> None:
    cluster.limits["wide"] = CEILING + 1
    known.learn_now(["wide"])
    assert known.limit("wide") == CEILING


@pytest.mark.parametrize(
    ("code", "cure"), [(MISSING, "create it first"), (FORBIDDEN, "grant it"), (KafkaError.TOPIC_EXCEPTION, "legal")]
)
def test_a_topic_that_can_t_be_used_is_a_problem_with_a_cure(
    known: Directory, cluster: Cluster, code: int, cure: str
) -> None:
    cluster.errors["replies"] = code
    known.learn_now(["replies"])
    problem = known.problem("replies")
    assert problem is not None
    assert "'replies'" in problem
    assert cure in problem


def test_a_cluster_in_trouble_is_no_verdict_on_the_topic(known: Directory, cluster: Cluster) -> None:
    cluster.errors["replies"] = KafkaError.LEADER_NOT_AVAILABLE
    with pytest.raises(KafkaException):
        known.learn_now(["replies"])
    cluster.errors.clear()
    known.learn_now(["replies"])
    assert known.problem("replies") is None


def test_a_limit_that_may_not_be_read_is_the_default(known: Directory, cluster: Cluster) -> None:
    cluster.config_error = FORBIDDEN
    known.learn_now(["replies"])
    assert (known.problem("replies"), known.limit("replies")) == (None, DEFAULT)


def test_a_limit_that_can_t_be_read_for_now_is_an_error(known: Directory, cluster: Cluster) -> None:
    cluster.config_error = KafkaError.REQUEST_TIMED_OUT
    with pytest.raises(KafkaException):
        known.learn_now(["replies"])


async def test_what_is_known_is_not_asked_for_again_for_a_while(
    known: Directory, cluster: Cluster, clock: Clock
) -> None:
    await known.learn(["replies"])
    clock.now += KNOWN_SECONDS - 1
    await known.learn(["replies"])
    assert cluster.asked == ["replies"]
    clock.now += 1
    await known.learn(["replies"])
    assert cluster.asked == ["replies"] * 2


async def test_a_missing_topic_is_asked_for_again_sooner(known: Directory, cluster: Cluster, clock: Clock) -> None:
    await known.learn(["new"])
    cluster.limits["new"] = 100
    clock.now += UNKNOWN_SECONDS
    await known.learn(["new"])
    assert (known.problem("new"), known.limit("new")) == (None, 100)


async def test_forgetting_asks_anew(known: Directory, cluster: Cluster) -> None:
    await known.learn(["replies"])
    known.forget()
    del cluster.limits["replies"]
    await known.learn(["replies"])
    assert known.problem("replies") is not None


async def test_a_refused_record_counts_for_a_while_whatever_the_cluster_says(known: Directory, clock: Clock) -> None:
    known.learn_now(["replies"])
    known.refuse("replies", "too large")
    known.forget()
    await known.learn(["replies"])
    assert known.problem("replies") == "reply-to 'replies': the cluster refused a record: too large"
    assert known.problem("others") == "reply-to 'others' is not known"
    clock.now += KNOWN_SECONDS
    assert known.problem("replies") is None
