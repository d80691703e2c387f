"""When a producer is used again and when it is made anew, with producers that do as a test says."""

import threading
from typing import Any, ClassVar

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import transaction
from streams.committer import Aborted, Fenced, Work
from streams.transaction import Transactor

WORK = Work([], list, False, [], b"metadata")


class Clock:
    """Moves when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class FakeProducer:
    """A producer whose commits take so many seconds; `fails` names the step at which it raises `error`."""

    made: ClassVar[list["FakeProducer"]] = []
    clock = Clock()
    takes = 0.0
    fails = ""
    error = KafkaError._TIMED_OUT
    fatal = False
    hangs: threading.Event | None = None

    def __init__(self, properties: dict[str, Any], logger: Any) -> None:
        self.id, self.logger = properties["transactional.id"], logger
        self.steps: list[str] = []
        self.made.append(self)

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == FakeProducer.fails:
            raise KafkaException(KafkaError(FakeProducer.error))

    def init_transactions(self, timeout: float) -> None:
        self._step("init")

    def begin_transaction(self) -> None:
        self._step("begin")

    def send_offsets_to_transaction(self, offsets: Any, metadata: bytes, timeout: float) -> None:
        self._step("offsets")
        assert metadata == b"metadata"
        if FakeProducer.hangs is not None:
            FakeProducer.hangs.wait(10)

    def commit_transaction(self, timeout: float) -> None:
        self._step("commit")
        FakeProducer.clock.now += FakeProducer.takes

    def produce(self, *record: Any) -> None:
        self._step("produce")

    def poll(self, timeout: float) -> int:
        if FakeProducer.fatal:
            raise KafkaException(KafkaError(KafkaError._FENCED, "fenced", True))
        return 0

    def purge(self) -> None:
        self.steps.append("purge")

    def close(self) -> None:
        self.steps.append("close")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(transaction, "time", made)
    return made


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> type[FakeProducer]:
    monkeypatch.setattr(FakeProducer, "made", [])
    monkeypatch.setattr(FakeProducer, "fails", "")
    monkeypatch.setattr(FakeProducer, "error", KafkaError._TIMED_OUT)
    monkeypatch.setattr(FakeProducer, "fatal", False)
    monkeypatch.setattr(FakeProducer, "hangs", None)
    monkeypatch.setattr(FakeProducer, "clock", clock)
    monkeypatch.setattr(FakeProducer, "takes", 0.0)
    monkeypatch.setattr(transaction, "Producer", FakeProducer)
    return FakeProducer


@pytest.fixture
def renewed() -> list[str]:
    return []


@pytest.fixture
def transactor(producers: type[FakeProducer], renewed: list[str]) -> Transactor:
    return Transactor([{"transactional.id": name} for name in ("a", "b")], 10.0, renewed.append)


def test_producers_take_turns_and_are_kept(
    transactor: Transactor, producers: type[FakeProducer], renewed: list[str]
) -> None:
    for _ in range(4):
        transactor.commit(WORK)
    assert sorted(one.id for one in producers.made) == ["a", "b"]
    assert [one.steps.count("commit") for one in producers.made] == [2, 2]
    assert renewed == []


def test_after_a_slow_commit_both_are_made_anew(
    transactor: Transactor, producers: type[FakeProducer], renewed: list[str]
) -> None:
    producers.takes = 1.0
    transactor.commit(WORK)
    assert renewed == ["slow commit"]
    producers.takes = 0.0
    transactor.commit(WORK)
    assert len(producers.made) == 4
    assert all("purge" in one.steps for one in producers.made[:2])


def test_after_a_lost_connection_both_are_made_anew(
    transactor: Transactor, producers: type[FakeProducer], renewed: list[str]
) -> None:
    transactor.commit(WORK)
    producers.made[0].logger.log(20, "", "FAIL", "a", "Disconnected (after 5ms in state UP)")
    transactor.commit(WORK)
    assert renewed == ["lost a connection"]
    assert len(producers.made) == 4


@pytest.mark.parametrize("step", ["begin", "offsets", "commit"])
def test_after_a_failure_both_are_made_anew_and_the_transaction_is_aborted(
    transactor: Transactor, producers: type[FakeProducer], renewed: list[str], step: str
) -> None:
    producers.fails = step
    with pytest.raises(Aborted) as aborted:
        transactor.commit(WORK)
    assert aborted.value.cause == "timed_out"
    assert renewed == ["abort"]
    producers.fails = ""
    transactor.commit(WORK)
    assert len(producers.made) == 4


def test_offsets_that_never_join_the_transaction_are_not_waited_for(
    transactor: Transactor, producers: type[FakeProducer], renewed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "OFFSETS_SECONDS", 0.01)
    monkeypatch.setattr(transaction, "OVERRUN_SECONDS", 0.01)
    producers.hangs = hanging = threading.Event()
    with pytest.raises(Aborted, match="send_offsets_to_transaction did not end within") as aborted:
        transactor.commit(WORK)
    hanging.set()
    assert aborted.value.cause == "overrun"
    assert renewed == ["overrun"]
    producers.hangs = None
    transactor.commit(WORK)
    assert len(producers.made) == 4


@pytest.mark.parametrize("step", ["init", "commit"])
@pytest.mark.parametrize("code", [KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH])
def test_who_is_fenced_does_not_try_again(
    transactor: Transactor, producers: type[FakeProducer], step: str, code: int
) -> None:
    producers.fails, producers.error = step, code
    with pytest.raises(Fenced):
        transactor.commit(WORK)


def test_an_error_of_our_own_leaves_no_producer_behind(
    transactor: Transactor, producers: type[FakeProducer], renewed: list[str]
) -> None:
    def late() -> list[Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transactor.commit(Work([], late, False, [], b"metadata"))
    assert renewed == ["error"]


@pytest.mark.parametrize("step", ["commit", "nothing"])
def test_a_fenced_producer_that_says_so_again_when_it_is_let_go_is_fenced_all_the_same(
    transactor: Transactor, producers: type[FakeProducer], step: str
) -> None:
    """librdkafka raises a fatal error from every poll, the one before a transaction and the last one too."""
    transactor.commit(WORK)
    producers.fails, producers.error = step, KafkaError._FENCED
    producers.fatal = True
    with pytest.raises(Fenced):
        transactor.commit(WORK)
    assert all("purge" in one.steps for one in producers.made)
