"""A commit whose answer was lost may arrive late and commit the next transaction (KAFKA-17754): the guard fences it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streams.proof.late_end import TUNED, UNTUNED, LateEnd, Unguarded
from streams.proof.proxy import FrameProxy
from streams.settings import Settings
from streams.transaction import Transactor


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only losses renew a producer here: on a busy machine any commit may be slow, which would renew it, too."""
    monkeypatch.setattr("streams.transaction.SUSPICIOUS_SECONDS", 60.0)


@pytest.fixture
def proxy(bootstrap: str) -> Iterator[FrameProxy]:
    with FrameProxy(bootstrap) as running:
        yield running


@pytest.fixture
def new_scene(proxy: FrameProxy, settings: Settings, new_topic: Callable[..., str]) -> Iterator[Callable[..., LateEnd]]:
    made: list[LateEnd] = []

    def make(kind: type[Transactor], tuned: Any = TUNED, producers: int = 1) -> LateEnd:
        servers = settings.kafka.bootstrap_servers
        made.append(LateEnd(kind, proxy, servers, new_topic("late"), tuned=tuned, producers=producers))
        return made[-1]

    yield make
    for scene in made:
        scene.transactor.close()


def test_without_the_guard_a_late_commit_makes_an_aborted_record_visible(new_scene: Callable[..., LateEnd]) -> None:
    scene = new_scene(Unguarded)
    scene.lose_the_answer(b"one")
    scene.interrupt(b"never")
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"never", b"two"]


def test_without_the_guard_the_producer_whose_turn_comes_again_is_hit(new_scene: Callable[..., LateEnd]) -> None:
    scene = new_scene(Unguarded, producers=2)
    scene.lose_the_answer(b"one")
    scene.commit(b"between")
    scene.interrupt(b"never")
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"between", b"never", b"two"]


def test_with_the_guard_no_producer_outlives_the_disturbance_of_another(new_scene: Callable[..., LateEnd]) -> None:
    scene = new_scene(Transactor, producers=2)
    scene.lose_the_answer(b"one")
    scene.commit(b"between")
    assert scene.renewed == ["lost a connection"]
    scene.interrupt(b"never")
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"between", b"two"]


@pytest.mark.parametrize("tuned", [TUNED, UNTUNED], ids=["tuned", "untuned"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_with_the_guard_a_late_commit_is_fenced(new_scene: Callable[..., LateEnd], tuned: Any, reset: bool) -> None:
    scene = new_scene(Transactor, tuned)
    scene.lose_the_answer(b"one", reset=reset)
    scene.interrupt(b"never")
    assert scene.renewed[0] == "lost a connection"
    scene.commit(b"two")
    assert scene.committed.values() == [b"one", b"two"]


def test_losses_between_commits_do_not_blind_it(new_scene: Callable[..., LateEnd]) -> None:
    """The client leaves identical lines out of its log for 30 s: the first loss must not be forgotten."""
    scene = new_scene(Transactor)
    for number in range(3):
        scene.commit(b"%d" % number)
        scene.lose_connections()
    scene.lose_the_answer(b"one")
    scene.interrupt(b"never")
    assert scene.renewed.count("lost a connection") == 4
    scene.commit(b"two")
    assert scene.committed.values() == [b"0", b"1", b"2", b"one", b"two"]


def test_an_undisturbed_producer_is_kept(new_scene: Callable[..., LateEnd]) -> None:
    scene = new_scene(Transactor)
    for number in range(20):
        scene.commit(b"%d" % number)
    assert scene.renewed == []
    assert len(scene.committed.values()) == 20


def test_a_late_abort_ends_a_transaction_and_nothing_of_it_is_seen(new_scene: Callable[..., LateEnd]) -> None:
    """A producer's InitProducerId that comes again fences that very producer: the slot's next one commits."""
    scene = new_scene(Transactor)
    scene.commit(b"one")
    scene.interrupt(b"never", late=False)
    scene.lose_the_abort()
    assert not scene.commit_under_a_late_abort(b"two")
    scene.commit(b"three")
    assert scene.committed.values() == [b"one", b"two", b"three"]
