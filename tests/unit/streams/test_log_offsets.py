"""Offsets asked of a leader who has been elected anew since the client looked last."""

from collections.abc import Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.log_offsets import OUTDATED, log_offsets
from streams.renewable import Renewable
from streams.testing import eventually
from streams.timers.log_ends import LogEnds

PLACE = TopicPartition("asked", 1)


def done(value: Any = None, error: int | None = None) -> "Future[Any]":
    future: Future[Any] = Future()
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(KafkaException(KafkaError(error)))
    return future


class Admin:
    """An admin client that is refused until it has asked who leads, with this error."""

    def __init__(self, error: int | None) -> None:
        self.error = error
        self.asked = 0
        self.learnt: list[str] = []

    def list_offsets(self, question: Mapping[TopicPartition, Any], **_: Any) -> dict[TopicPartition, Any]:
        self.asked += 1
        return {place: done(SimpleNamespace(offset=42), self.error) for place in question}

    def describe_topics(self, topics: TopicCollection, request_timeout: float) -> dict[str, Any]:
        names = list(topics.topic_names)
        self.learnt += names
        self.error = None
        return {name: done() for name in names}


def asked(admin: Admin) -> dict[TopicPartition, int]:
    return log_offsets(cast(AdminClient, admin), {PLACE: None}, IsolationLevel.READ_COMMITTED, 5.0)


@pytest.mark.parametrize("error", sorted(OUTDATED))
def test_a_client_whose_knowledge_of_leaders_is_out_of_date_learns_and_asks_again(error: int) -> None:
    admin = Admin(error)
    assert asked(admin) == {PLACE: 42}
    assert (admin.asked, admin.learnt) == (2, ["asked"])


def test_who_is_answered_asks_once_and_learns_nothing() -> None:
    admin = Admin(None)
    assert asked(admin) == {PLACE: 42}
    assert (admin.asked, admin.learnt) == (1, [])


def test_another_error_is_the_caller_s() -> None:
    admin = Admin(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException):
        asked(admin)
    assert (admin.asked, admin.learnt) == (1, [])


def test_timers_ask_for_ends_with_what_was_learnt_meanwhile() -> None:
    admin = Admin(KafkaError.FENCED_LEADER_EPOCH)
    ends = LogEnds(Renewable(lambda: cast(AdminClient, admin)))
    ends.ask([("asked", 1)], 5)
    assert ends.answers() == {}
    assert admin.learnt == ["asked"]
    ends.ask([("asked", 1)], 6)
    assert ends.answers()["asked", 1].high == 42
    assert admin.learnt == ["asked"]


def test_timers_ask_with_a_new_client_when_the_old_one_is_of_no_use() -> None:
    useless, good, clock = Admin(KafkaError._UNKNOWN_PARTITION), Admin(None), Moments()
    clients = iter([useless, good])
    admin = Renewable(lambda: cast(AdminClient, next(clients)), clock)
    ends = LogEnds(admin)
    clock.now = 2.0
    ends.ask([("asked", 1)], 5)
    assert ends.answers() == {}
    eventually(lambda: cast(Any, admin.now) is good)
    ends.ask([("asked", 1)], 6)
    assert ends.answers()["asked", 1].high == 42


class Moments:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now
