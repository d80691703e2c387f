"""The broker goes away while offsets join a transaction: librdkafka may never come back from it (its issue 5456)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams import connections, transaction
from streams.binding import bind
from streams.committer import Aborted, Work
from streams.output import Output
from streams.proof.proxy import FrameProxy
from streams.settings import Settings
from streams.testing import eventually
from streams.transaction import Transactor

AWAY_SECONDS, BACK_SECONDS = 1.5, 20.0


@pytest.fixture
def proxy(bootstrap: str) -> Iterator[FrameProxy]:
    with FrameProxy(bootstrap) as running:
        yield running


@pytest.fixture
def member(bootstrap: str, new_topic: Callable[..., str]) -> Iterator[Consumer]:
    """A member of a group of its own that has a partition."""
    topic = new_topic("asked")
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})
    consumer.subscribe([topic])

    def assigned() -> bool:
        consumer.poll(0.1)
        return bool(consumer.assignment())

    eventually(assigned, within=30, what="a partition")
    yield consumer
    consumer.close()


@pytest.fixture
def properties(settings: Settings, proxy: FrameProxy, new_topic: Callable[..., str]) -> dict[str, Any]:
    """Those of a lane's transactional producer, through the proxy."""
    binding = bind(settings, "echo")
    own = connections.transactional(settings, binding, new_topic("id"))
    return {**own, "bootstrap.servers": proxy.bootstrap}


def work(member: Consumer, before_offsets: Callable[[], None] = lambda: None) -> Work:
    """One record and one offset; `before_offsets` is called when the record is in the log."""
    (place,) = member.assignment()

    def late() -> list[Output]:
        before_offsets()
        return []

    offsets = [TopicPartition(place.topic, place.partition, 1)]
    outputs = [Output(place.topic, b"value", b"key", place.partition, [], None)]
    return Work(outputs, late, True, offsets, member.consumer_group_metadata())


def outage(proxy: FrameProxy) -> Callable[[], None]:
    """What begins an outage, and lets it end by itself."""

    def begin() -> None:
        away = threading.Event()

        def last() -> None:
            with proxy.down():
                away.set()
                threading.Event().wait(AWAY_SECONDS)

        threading.Thread(target=last, daemon=True).start()
        assert away.wait(10)

    return begin


def test_the_transaction_goes_on_when_the_broker_is_back(
    proxy: FrameProxy, member: Consumer, properties: dict[str, Any]
) -> None:
    with closing(Transactor([properties], BACK_SECONDS, lambda why: None)) as transactor:
        transactor.commit(work(member))
        transactor.commit(work(member, outage(proxy)))


def test_offsets_that_never_join_are_given_up_and_the_lane_goes_on(
    proxy: FrameProxy, member: Consumer, properties: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "OFFSETS_SECONDS", 4.0)
    forgetful = {**properties, "metadata.recovery.strategy": "rebootstrap"}
    with closing(Transactor([forgetful], BACK_SECONDS, lambda why: None)) as transactor:
        transactor.commit(work(member))
        with pytest.raises(Aborted) as aborted:
            transactor.commit(work(member, outage(proxy)))
        assert aborted.value.cause == "overrun"
        transactor.commit(work(member))
