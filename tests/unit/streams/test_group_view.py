"""A client that gave no answer is destroyed with its question; one that answers is kept."""

import weakref
from concurrent.futures import Future
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.group_view import GroupView


class Client:
    """Answers with `given`, raises it, or says nothing."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def describe_consumer_groups(self, groups: list[str], request_timeout: float) -> dict[str, Future[Any]]:
        answer: Future[Any] = Future()
        if isinstance(self.given, Exception):
            answer.set_exception(self.given)
        elif self.given is not None:
            answer.set_result(self.given)
        return {groups[0]: answer}


class Making:
    """Makes clients with what they are to answer, one after the other, and knows which of them live."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.made: list[weakref.ref[Client]] = []

    def __call__(self) -> AdminClient:
        client = Client(self.answers.pop(0))
        self.made.append(weakref.ref(client))
        return cast(AdminClient, client)

    @property
    def living(self) -> list[bool]:
        return [one() is not None for one in self.made]


def test_a_client_that_answers_is_kept() -> None:
    making = Making("members")
    view = GroupView("group", making)
    assert [view.describe(1), view.describe(1)] == ["members", "members"]
    assert making.living == [True]


def test_a_client_without_an_answer_is_gone_before_anybody_learns_of_it() -> None:
    making = Making(None, "members")
    view = GroupView("group", making)
    with pytest.raises(KafkaException, match="the coordinator of group group did not answer within 0"):
        view.describe(0.01)
    assert making.living == [False]
    assert view.describe(1) == "members"


def test_after_an_error_another_client_asks() -> None:
    making = Making(KafkaException(KafkaError(KafkaError._TRANSPORT)), "members")
    view = GroupView("group", making)
    with pytest.raises(KafkaException):
        view.describe(1)
    assert view.describe(1) == "members"
