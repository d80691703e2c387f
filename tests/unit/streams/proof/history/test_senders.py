"""What clients note of their operations: a fate is certain only where it is."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.records import MAX_REQUEST_ID
from streams.disturbance import Disturbance
from streams.proof.history import senders
from streams.proof.history.operations import Fate, Poll, Queue, Seen, Send, Sent, Spot
from streams.proof.history.recorder import Recorder
from streams.proof.history.sender import fate_of
from streams.proof.history.senders import EVERY, RecordSender, TransactionSender
from streams.settings import Settings
from streams.transaction import Initialised


class Message:
    """A delivered record."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def topic(self) -> str:
        return "asked"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset


class Producer:
    """Takes everything at once; `error` is how every record, `commits` how each commit ends."""

    def __init__(self) -> None:
        self.error: KafkaError | None = None
        self.commits: list[KafkaError | None] = []
        self.abort_fails = False
        self.done: list[str] = []
        self.offset = 0

    def produce(self, topic: str, value: bytes, key: bytes, on_delivery: Callable[..., None]) -> None:
        assert len(value) < MAX_REQUEST_ID
        on_delivery(self.error, Message(self.offset))
        self.offset += 1

    def poll(self, seconds: float) -> int:
        return 0

    def purge(self) -> None:
        self.done.append("dropped")

    def begin_transaction(self) -> None:
        self.done.append("begin")

    def commit_transaction(self, seconds: float) -> None:
        self.done.append("commit")
        error = self.commits.pop(0) if self.commits else None
        if error is not None:
            raise KafkaException(error)

    def abort_transaction(self, seconds: float) -> None:
        self.done.append("abort")
        if self.abort_fails:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Producer:
    made = Producer()
    monkeypatch.setattr(senders, "Producer", lambda properties: made)
    monkeypatch.setattr(senders, "initialised", lambda properties, seconds: Initialised(made, Disturbance()))  # type: ignore[arg-type] # a stand-in
    return made


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("asked", "told")


def client(kind: type[Any], recorder: Recorder) -> Any:
    return kind(Settings(), "asked", str.encode, recorder, "client", 1_000.0, Random(1))


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (None, Fate.OK),
        (KafkaError(KafkaError.MSG_SIZE_TOO_LARGE), Fate.FAIL),
        (KafkaError(KafkaError._MSG_TIMED_OUT), Fate.INFO),
        (KafkaError(KafkaError._PURGE_INFLIGHT), Fate.INFO),
    ],
)
def test_a_record_that_may_have_arrived_has_an_unknown_fate(
    producer: Producer, recorder: Recorder, error: KafkaError | None, fate: Fate
) -> None:
    assert fate_of(error) is fate
    producer.error = error
    client(RecordSender, recorder).operate()
    [send] = recorder.history().sends
    assert (send.fate, send.transaction) == (fate, False)
    spot = Spot(Queue("asked", 0), 0) if error is None else None
    assert send.sent == (Sent("client.1", spot),)


def test_every_third_transaction_is_aborted(
    producer: Producer, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "VANISHING", 0.0)
    one = client(TransactionSender, recorder)
    for _ in range(2 * EVERY):
        one.operate()
    sends = recorder.history().sends
    assert [send.fate for send in sends] == [Fate.OK, Fate.OK, Fate.FAIL] * 2
    assert [send.committing is None for send in sends] == [False, False, True] * 2
    assert producer.done == ["begin", "commit", "begin", "commit", "begin", "abort"] * 2


def test_some_of_those_are_left_open_for_their_successor(
    producer: Producer, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "VANISHING", 1.0)
    one = client(TransactionSender, recorder)
    for _ in range(EVERY):
        one.operate()
    assert producer.done[-2:] == ["begin", "dropped"]
    assert recorder.history().sends[-1].fate is Fate.FAIL


ABORT = KafkaError(KafkaError._MSG_TIMED_OUT, "why", False, False, True)
AGAIN = KafkaError(KafkaError._TIMED_OUT, "why", False, True, False)
FATAL = KafkaError(KafkaError._FENCED, "why", True, False, False)


@pytest.mark.parametrize(
    ("commits", "abort_fails", "fate"),
    [
        ([ABORT], False, Fate.FAIL),
        ([ABORT], True, Fate.INFO),
        ([AGAIN, None], False, Fate.OK),
        ([AGAIN, AGAIN, FATAL], False, Fate.INFO),
    ],
)
def test_a_commit_failed_for_certain_only_if_it_could_be_aborted(
    producer: Producer, recorder: Recorder, commits: list[KafkaError | None], abort_fails: bool, fate: Fate
) -> None:
    producer.commits, producer.abort_fails = commits, abort_fails
    client(TransactionSender, recorder).operate()
    [send] = recorder.history().sends
    assert send.fate is fate
    assert send.committing is not None


def test_a_client_that_gets_no_producer_has_failed(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    def refuse(properties: object, seconds: float) -> Initialised:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    monkeypatch.setattr(senders, "initialised", refuse)
    client(TransactionSender, recorder).operate()
    [send] = recorder.history().sends
    assert (send.fate, send.sent) == (Fate.FAIL, ())


def test_what_is_committed_or_seen_wants_an_answer(recorder: Recorder) -> None:
    asked, told = Queue("asked", 0), Queue("told", 0)
    for value, fate in (("a", Fate.OK), ("b", Fate.FAIL), ("c", Fate.INFO), ("d", Fate.INFO)):
        recorder.send(Send("client", 0, 1, fate, (Sent(value),)))
    recorder.poll(Poll("resident", 0, 1, (Seen(Spot(asked, 0), "c"),)))
    assert recorder.unanswered() == {"a", "c"}
    recorder.poll(Poll("resident", 1, 2, (Seen(Spot(told, 0), "a"), Seen(Spot(told, 1), "c"))))
    assert recorder.unanswered() == set()
