"""Questions to the registry off the intake's thread: one for each id, asked again until there is an answer."""

from collections.abc import Iterator
from threading import Event
from typing import cast

import pytest

from schemas.errors import RegistryUnavailable
from schemas.registry import Registry
from streams import schema_asker
from streams.partition import Partition
from streams.repeats.book import AnswerBook, Bounds
from streams.schema_asker import SchemaAsker
from streams.testing import eventually


class Answering:
    """A registry that first raises what a test says, and answers when it may."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.asked: list[int] = []
        self.may_answer = Event()

    def fetch(self, schema_id: int) -> None:
        self.asked.append(schema_id)
        if self.errors:
            raise self.errors.pop()
        assert self.may_answer.wait(10)


@pytest.fixture
def registry() -> Answering:
    return Answering()


@pytest.fixture
def asker(registry: Answering, monkeypatch: pytest.MonkeyPatch) -> Iterator[SchemaAsker]:
    monkeypatch.setattr(schema_asker, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(schema_asker, "LONGEST_PAUSE", 0.01)
    made = SchemaAsker("echo", cast(Registry, registry))
    yield made
    registry.may_answer.set()
    made.stop()


def partition(number: int) -> Partition:
    return Partition("requests", number, AnswerBook(Bounds(1, 1_000, 1_000)))


def test_many_records_of_one_id_are_one_question(asker: SchemaAsker, registry: Answering) -> None:
    first, second = partition(0), partition(1)
    for _ in range(100):
        asker.ask(7, first)
        asker.ask(7, second)
    assert asker.waiting
    assert not asker.answered()
    registry.may_answer.set()
    eventually(asker.answered)
    assert asker.take() == {first, second}
    assert registry.asked == [7]


@pytest.mark.parametrize("error", [RegistryUnavailable("it is down"), ZeroDivisionError("a defect")])
def test_while_there_is_no_answer_it_asks_again_and_the_partition_stays_parked(
    asker: SchemaAsker, registry: Answering, error: Exception
) -> None:
    registry.errors = [error, error]
    waiting = partition(0)
    asker.ask(7, waiting)
    eventually(lambda: len(registry.asked) == 3)
    assert not asker.answered()
    registry.may_answer.set()
    eventually(asker.answered)
    assert asker.take() == {waiting}
