"""A commit whose answer was lost may arrive late and commit the next transaction (KAFKA-17754): the guard fences it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.committer import Work
from streams.output import Output
from streams.proof.proxy import FrameProxy
from streams.settings import Settings
from streams.testing import eventually
from streams.transaction import Transactor

TUNED = {"retry.backoff.ms": 5, "retry.backoff.max.ms": 20, "linger.ms": 1, "reconnect.backoff.max.ms": 1_000}
UNTUNED = {"retry.backoff.ms": 100}


class Unguarded(Transactor):
    """As if the guard had been forgotten: a producer is kept after any commit that returned."""

    def discard(self, why: str) -> None:
        if why in ("abort", "error"):
            super().discard(why)

    def renew_if_disturbed(self) -> None:
        pass


class Interrupted(Exception):
    """What ends the transaction that must not be seen."""


class Sight:
    """What a reader of one partition sees."""

    def __init__(self, bootstrap: str, topic: str, isolation: str) -> None:
        self._settings = {"bootstrap.servers": bootstrap, "group.id": "sight", "isolation.level": isolation}
        self._topic = topic

    def values(self) -> list[bytes]:
        """Everything up to the end, as this isolation level sees it."""
        consumer = Consumer(
            {**self._settings, "auto.offset.reset": "earliest", "enable.partition.eof": True, "fetch.wait.max.ms": 10}
        )
        consumer.assign([TopicPartition(self._topic, 0, 0)])
        values: list[bytes] = []
        try:
            while True:
                message = consumer.poll(10)
                assert message is not None
                if message.error():
                    return values
                values.append(message.value() or b"")
        finally:
            consumer.close()


@pytest.fixture
def proxy(bootstrap: str) -> Iterator[FrameProxy]:
    with FrameProxy(bootstrap) as running:
        yield running


class Scene:
    """A transactor behind the proxy, and what happens to its transactions."""

    def __init__(
        self, kind: type[Transactor], proxy: FrameProxy, settings: Settings, topic: str, tuned: Any, producers: int
    ) -> None:
        self.proxy, self.topic = proxy, topic
        self.renewed: list[str] = []
        properties = {
            **tuned,
            "bootstrap.servers": proxy.bootstrap,
            "transaction.timeout.ms": 60_000,
        }
        in_turn = [{**properties, "transactional.id": f"{topic}-{number}"} for number in range(producers)]
        self.transactor = kind(in_turn, 30.0, self.renewed.append)
        group = Consumer({"bootstrap.servers": settings.kafka.bootstrap_servers, "group.id": topic})
        self.metadata = group.consumer_group_metadata()
        group.close()
        self.committed = Sight(settings.kafka.bootstrap_servers, topic, "read_committed")
        self.uncommitted = Sight(settings.kafka.bootstrap_servers, topic, "read_uncommitted")

    def commit(self, value: bytes) -> None:
        self.transactor.commit(self.work(iter([Output(self.topic, value, None, 0, [])])))

    def work(self, outputs: Iterator[Output]) -> Work:
        return Work(outputs, list, False, [], self.metadata)

    def lose_the_answer(self, value: bytes, *, reset: bool = False) -> None:
        """A commit whose first EndTxn is held back; the client's hidden retry commits it."""
        self.proxy.hold_next_end(reset=reset)
        self.commit(value)
        assert self.proxy.holding.is_set()

    def interrupt(self, value: bytes) -> None:
        """A transaction that ends after its record has reached the log, and the late EndTxn after that."""

        def outputs() -> Iterator[Output]:
            yield Output(self.topic, value, None, 0, [])
            eventually(lambda: value in self.uncommitted.values(), what=f"{value!r} in the log")
            self.proxy.release()
            raise Interrupted

        with pytest.raises(Interrupted):
            self.transactor.commit(self.work(outputs()))


@pytest.fixture
def new_scene(proxy: FrameProxy, settings: Settings, new_topic: Callable[..., str]) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(kind: type[Transactor], tuned: Any = TUNED, producers: int = 1) -> Scene:
        made.append(Scene(kind, proxy, settings, new_topic("late"), tuned, producers))
        return made[-1]

    yield make
    for scene in made:
        scene.transactor.close()


def test_without_the_guard_a_late_commit_makes_an_aborted_record_visible(new_scene: Callable[..., Scene]) -> None:
    scene = new_scene(Unguarded)
    scene.lose_the_answer(b"one")
    scene.interrupt(b"never")
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"never", b"two"]


def test_without_the_guard_the_producer_whose_turn_comes_again_is_hit(new_scene: Callable[..., Scene]) -> None:
    scene = new_scene(Unguarded, producers=2)
    scene.lose_the_answer(b"one")
    scene.commit(b"between")
    scene.interrupt(b"never")
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"between", b"never", b"two"]


def test_with_the_guard_no_producer_outlives_the_disturbance_of_another(new_scene: Callable[..., Scene]) -> None:
    scene = new_scene(Transactor, producers=2)
    scene.lose_the_answer(b"one")
    scene.commit(b"between")
    assert scene.renewed == ["lost a connection"]
    scene.interrupt(b"never")
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"between", b"two"]


@pytest.mark.parametrize("tuned", [TUNED, UNTUNED], ids=["tuned", "untuned"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_with_the_guard_a_late_commit_is_fenced(new_scene: Callable[..., Scene], tuned: Any, reset: bool) -> None:
    scene = new_scene(Transactor, tuned)
    scene.lose_the_answer(b"one", reset=reset)
    scene.interrupt(b"never")
    assert scene.renewed[0] == "lost a connection"
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"two"]


def test_losses_between_commits_do_not_blind_it(new_scene: Callable[..., Scene]) -> None:
    """The client leaves identical lines out of its log for 30 s: the first loss must not be forgotten."""
    scene = new_scene(Transactor)
    for number in range(3):
        scene.commit(b"%d" % number)
        assert scene.proxy.drop_all() > 0
    scene.lose_the_answer(b"one")
    scene.interrupt(b"never")
    assert scene.renewed.count("lost a connection") == 4
    scene.commit(b"two")
    assert scene.committed.values() == [b"0", b"1", b"2", b"one", b"two"]


def test_an_undisturbed_producer_is_kept(new_scene: Callable[..., Scene]) -> None:
    scene = new_scene(Transactor)
    for number in range(20):
        scene.commit(b"%d" % number)
    assert scene.renewed == []
    assert len(scene.committed.values()) == 20
