"""Commits that other threads ask for, made by the one thread that may touch the consumer."""

import struct
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.membership import Membership, generation, member_id
from streams.testing import eventually

SECONDS = 10.0


def metadata(number: int, member: str = "me") -> bytes:
    return b"CGMDv2:" + struct.pack("=i", number) + b"group\0" + member.encode() + b"\0instance\0"


class Group:
    """A consumer as far as Membership uses one; it answers asynchronous commits when told to."""

    def __init__(self) -> None:
        self.metadata = metadata(3)
        self.asynchronous: list[int] = []
        self.synchronous: list[int] = []
        self.refuse: KafkaError | None = None

    def consumer_group_metadata(self) -> bytes:
        return self.metadata

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        if self.refuse is not None:
            raise KafkaException(self.refuse)
        (self.asynchronous if asynchronous else self.synchronous).append(offsets[0].offset)


def place(offset: int) -> list[TopicPartition]:
    return [TopicPartition("requests", 0, offset)]


class Asking:
    """A membership, and threads that ask it for commits."""

    def __init__(self) -> None:
        self.membership, self.group = Membership(), Group()
        self.consumer: Any = self.group
        self._threads = ThreadPoolExecutor(4)
        self._asked = 0

    def ask(self, offset: int, timeout: float = SECONDS) -> "Future[None]":
        """Asks from another thread; returns when the intake thread could see it."""
        answer = self._threads.submit(self.membership.commit, place(offset), timeout)
        eventually(lambda: self.membership.busy)
        return answer

    def served(self, offset: int) -> "Future[None]":
        answer = self.ask(offset)

        def sent() -> bool:
            self.membership.serve(self.consumer)
            return offset in self.group.asynchronous

        eventually(sent)
        return answer

    def close(self) -> None:
        self._threads.shutdown(wait=True)


@pytest.fixture
def asking() -> Any:
    made = Asking()
    yield made
    made.close()


def test_who_never_polled_is_no_member() -> None:
    assert not Membership().member


def test_metadata_is_asked_for_until_the_group_has_taken_us_in_and_then_now_and_again() -> None:
    membership, group = Membership(), Group()
    consumer: Any = group
    group.metadata = metadata(-1)
    membership.serve(consumer)
    group.metadata = metadata(3)
    membership.serve(consumer)
    assert membership.metadata == metadata(3)
    group.metadata = metadata(4)

    def follows() -> bool:
        membership.serve(consumer)
        return membership.metadata == metadata(4)

    eventually(follows)


def test_metadata_is_not_asked_for_at_every_turn() -> None:
    membership, group = Membership(), Group()
    consumer: Any = group
    membership.serve(consumer)
    membership._fresh_until = float("inf")
    group.metadata = metadata(4)
    membership.serve(consumer)
    assert membership.metadata == metadata(3)


@pytest.mark.parametrize(("number", "member"), [(-1, False), (0, True), (7, True)])
def test_a_member_has_a_generation(asking: Asking, number: int, member: bool) -> None:
    asking.group.metadata = metadata(number)
    asking.membership.serve(asking.consumer)
    assert asking.membership.member is member


@pytest.mark.parametrize("cut", [b"", b"CGMDv2:", b"CGMDv2:\0\0\0"])
def test_metadata_that_is_cut_short_is_no_membership(cut: bytes) -> None:
    assert (generation(cut), member_id(cut)) == (-1, "")


def test_the_member_id_is_read_from_the_metadata() -> None:
    assert member_id(metadata(1, "worker-7d2f")) == "worker-7d2f"


def test_a_commit_is_answered_when_its_callback_comes(asking: Asking) -> None:
    answer = asking.served(5)
    assert asking.membership.busy
    assert not answer.done()
    asking.membership.committed(None, place(5))
    answer.result(SECONDS)
    assert not asking.membership.busy


def test_answers_come_in_the_order_of_the_commits(asking: Asking) -> None:
    first, second = asking.served(1), asking.served(2)
    asking.membership.committed(KafkaError(KafkaError.ILLEGAL_GENERATION), place(1))
    asking.membership.committed(None, place(2))
    with pytest.raises(KafkaException, match="ILLEGAL_GENERATION"):
        first.result(SECONDS)
    second.result(SECONDS)


def test_an_error_of_one_partition_fails_its_commit(asking: Asking) -> None:
    class Refused:
        error = KafkaError(KafkaError.UNKNOWN_MEMBER_ID)

    answer = asking.served(1)
    places: Any = [*place(1), Refused()]
    asking.membership.committed(None, places)
    with pytest.raises(KafkaException, match="UNKNOWN_MEMBER_ID"):
        answer.result(SECONDS)


def test_a_callback_that_nobody_waits_for_is_ignored() -> None:
    Membership().committed(None, place(1))


def test_who_waits_too_long_is_told(asking: Asking) -> None:
    with pytest.raises(TimeoutError):
        asking.ask(1, timeout=0.01).result(SECONDS)


def test_in_a_rebalance_what_was_asked_and_what_was_sent_is_committed_at_once(asking: Asking) -> None:
    sent = asking.served(1)
    asked = asking.ask(2)
    eventually(lambda: len(asking.membership._asked) == 1)
    asking.membership.serve_in_callback(asking.consumer)
    sent.result(SECONDS)
    asked.result(SECONDS)
    assert asking.group.synchronous == [1, 2]
    # The answer to what was sent comes after all, and finds it answered.
    asking.membership.committed(None, place(1))
    assert not asking.membership.busy


def test_in_a_rebalance_a_refused_commit_is_told(asking: Asking) -> None:
    answer = asking.ask(1)
    asking.group.refuse = KafkaError(KafkaError.REBALANCE_IN_PROGRESS)
    asking.membership.serve_in_callback(asking.consumer)
    with pytest.raises(KafkaException, match="REBALANCE_IN_PROGRESS"):
        answer.result(SECONDS)


def test_the_intake_thread_alone_touches_the_consumer(asking: Asking) -> None:
    threads: list[int] = []
    asking.group.commit = lambda **_: threads.append(threading.get_ident())  # type: ignore[method-assign]
    asking.ask(1, timeout=0.01)
    asking.membership.serve(asking.consumer)
    assert threads == [threading.get_ident()]
