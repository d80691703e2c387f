"""Whose open transactions are ended by whoever takes a partition over: those of slots that are gone, and no others."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import TopicPartition

from streams import succession
from streams.slots import instance_id, transactional_ids
from streams.succession import Succession

GROUP, OURS = "sluicegate.echo", 0
PLACES = [TopicPartition("requests", number) for number in range(3)]


class Cluster:
    """A group whose members have the slots in `living`; `notes` are the texts beside the committed offsets."""

    group = GROUP

    def __init__(self, notes: Sequence[str], living: Sequence[int]) -> None:
        self.notes, self.living = notes, living

    def committed(self, places: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [
            TopicPartition(place.topic, place.partition, 5, note)
            for place, note in zip(places, self.notes, strict=True)
        ]

    def describe(self, seconds: float) -> Any:
        return SimpleNamespace(members=[SimpleNamespace(group_instance_id=instance_id(GROUP, n)) for n in self.living])


@pytest.fixture
def fenced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    class Fence:
        def __init__(self, properties: dict[str, Any]) -> None:
            self._id = properties["transactional.id"]

        def init_transactions(self, timeout: float) -> None:
            found.append(self._id)

    monkeypatch.setattr(succession, "Producer", Fence)
    return found


def taken_over(notes: Sequence[str], living: Sequence[int]) -> set[int]:
    fake = cast(Any, Cluster(notes, living))
    return Succession(fake, OURS, fake, lambda name: {"transactional.id": name}).end_dead_transactions(PLACES)


def test_both_ids_of_a_slot_that_is_gone_are_fenced(fenced: list[str]) -> None:
    assert taken_over(["slot=0", "slot=3", ""], living=[0]) == {3}
    assert sorted(fenced) == sorted(transactional_ids(GROUP, 3))


def test_a_slot_that_lives_is_left_alone(fenced: list[str]) -> None:
    assert taken_over(["slot=1", "slot=3", "slot=1"], living=[0, 1]) == {3}
    assert sorted(fenced) == sorted(transactional_ids(GROUP, 3))


def test_our_own_slot_and_foreign_notes_fence_nobody(fenced: list[str]) -> None:
    assert taken_over(["slot=0", "somebody else's", ""], living=[]) == set()
    assert fenced == []
