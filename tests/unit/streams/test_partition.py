"""Ownership epochs: who holds a record's partition, and that an epoch never ends within a transaction."""

import threading

import pytest

from streams.partition import Ownership, Partition
from streams.repeats.book import AnswerBook, Bounds

DEADLINE = 10.0


def partition(number: int = 0) -> Partition:
    return Partition("requests", number, AnswerBook(Bounds(10, 1_000, 1_000)))


def test_an_epoch_lasts_from_assignment_to_its_end() -> None:
    ownership, first = Ownership(), partition()
    assert ownership.get("requests", 0) is None
    ownership.begin(first)
    assert ownership.get("requests", 0) is first
    assert ownership.end([("requests", 0)]) == [first]
    assert not first.owned
    assert ownership.get("requests", 0) is None


def test_a_new_assignment_is_another_epoch() -> None:
    ownership, before, after = Ownership(), partition(), partition()
    ownership.begin(before)
    ownership.end([("requests", 0)])
    ownership.begin(after)
    assert ownership.get("requests", 0) is after
    assert (before.owned, after.owned) == (False, True)


def test_ending_leaves_other_partitions_and_ignores_those_that_are_not_ours() -> None:
    ownership, kept, lost = Ownership(), partition(0), partition(1)
    ownership.begin(kept)
    ownership.begin(lost)
    assert ownership.end([("requests", 1), ("requests", 2), ("others", 0)]) == [lost]
    assert ownership.all() == [kept]
    assert kept.owned


def test_all_is_a_copy() -> None:
    ownership = Ownership()
    ownership.begin(partition())
    for one in ownership.all():
        ownership.end([(one.topic, one.number)])
    assert ownership.all() == []


def test_an_epoch_does_not_end_while_a_transaction_is_under_way() -> None:
    ownership, ours = Ownership(), partition()
    ownership.begin(ours)
    waited, ended = threading.Event(), threading.Event()

    def revoke() -> None:
        ownership.end([("requests", 0)], waited.set)
        ended.set()

    with ownership.lock:
        revoker = threading.Thread(target=revoke, daemon=True)
        revoker.start()
        assert waited.wait(DEADLINE), "whoever waits for the transaction is called meanwhile"
        assert ours.owned
        assert ownership.get("requests", 0) is ours, "looking up does not wait"
        assert not ended.is_set()
    assert ended.wait(DEADLINE)
    revoker.join(DEADLINE)
    assert not ours.owned


def test_the_lock_is_free_after_an_end_that_failed() -> None:
    ownership = Ownership()
    ownership.begin(partition())
    with pytest.raises(ZeroDivisionError):
        ownership.end(key for key in (("requests", 0), 1 / 0))  # type: ignore[misc] # raises on the way
    taken = []
    other = threading.Thread(target=lambda: taken.append(ownership.lock.acquire(timeout=DEADLINE)))
    other.start()
    other.join(DEADLINE)
    assert taken == [True]


def test_what_ended_is_given_up_before_another_transaction_can_begin() -> None:
    ownership, ours = Ownership(), partition()
    ownership.begin(ours)
    seen: list[tuple[list[Partition], bool]] = []

    def give_up(ended: list[Partition]) -> None:
        taken: list[bool] = []
        other = threading.Thread(target=lambda: taken.append(ownership.lock.acquire(blocking=False)))
        other.start()
        other.join(DEADLINE)
        seen.append((ended, taken[0]))

    ownership.end([("requests", 0)], then=give_up)
    assert seen == [([ours], False)]
