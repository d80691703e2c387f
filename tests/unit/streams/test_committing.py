"""What may enter a transaction: only what is owned, of this flight, while the group counts us in."""

from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import committing
from streams.batcher import Closed
from streams.binding import bind
from streams.committer import Aborted, Fenced, Work
from streams.committing import Committing
from streams.entry import Entry
from streams.flight import Batch, Flight
from streams.membership import Membership
from streams.partition import Ownership, Partition
from streams.repeats.book import AnswerBook, Bounds
from streams.settings import Settings
from streams.state_keeper import NoState

BINDING = bind(Settings(), "echo")
MEMBER = b"CGMDv2:" + (7).to_bytes(4, "little", signed=True) + b"\x00" * 32
OUTSIDER = b"CGMDv2:" + (-1).to_bytes(4, "little", signed=True) + b"\x00" * 32


class Pipeline:
    """The pipeline as far as the committer asks it."""

    def __init__(self) -> None:
        self.flight = Flight()
        self.aborted: list[str] = []
        self.done: list[Batch] = []

    def abort(self, cause: str) -> None:
        self.aborted.append(cause)

    def committed(self, batches: list[Batch]) -> None:
        self.done += batches


class Metrics:
    """Takes every figure."""

    def __getattr__(self, name: str) -> Any:
        return lambda *figures: None


class Recorder:
    """A committer that notes what it is given, and raises `error` if there is one."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.error: Exception | None = None
        self.settles = 0

    def settle(self) -> None:
        self.settles += 1

    def commit(self, work: Work) -> None:
        self.works.append(work)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Holds nothing."""


class Scene:
    """A committer's thread that a test runs by hand."""

    def __init__(self) -> None:
        self.pipeline, self.ownership, self.membership = Pipeline(), Ownership(), Membership()
        self.membership.metadata = MEMBER
        self.recorder = Recorder()
        self.looked = 0
        self.committing = Committing(
            BINDING, cast(Any, self.pipeline), self.ownership, self.recorder, self.membership, NoState(), "slot=3",
            cast(Any, Metrics()), self.look_again, lambda error: None,
        )  # fmt: skip
        self.partition = Partition("requests", 0, AnswerBook(Bounds(10, 1_000, 1_000)))
        self.ownership.begin(self.partition)

    def look_again(self) -> None:
        self.looked += 1

    def batch(self, *owners: Partition) -> Batch:
        entries = [Entry(owner, 5, 0, None, 10) for owner in owners or (self.partition,)]
        batch = self.pipeline.flight.enter(entries, Closed.SIZE, 0.0, 10)
        batch.answers = [None for _ in entries]
        batch.finished = True
        return batch

    def commit(self, *batches: Batch) -> None:
        self.committing._commit(list(batches))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_is_owned_is_committed_with_its_end_our_slot_and_the_live_metadata(scene: Scene) -> None:
    batch = scene.batch()
    scene.commit(batch)
    (work,) = scene.recorder.works
    (offset,) = work.offsets
    assert (offset.topic, offset.partition, offset.offset, offset.metadata) == ("requests", 0, 6, "slot=3")
    assert work.metadata == MEMBER
    assert scene.pipeline.done == [batch]
    assert scene.pipeline.aborted == []


def test_a_batch_with_a_partition_that_was_lost_enters_no_transaction(scene: Scene) -> None:
    lost = Partition("requests", 1, AnswerBook(Bounds(10, 1_000, 1_000)))
    scene.ownership.begin(lost)
    batches = [scene.batch(), scene.batch(scene.partition, lost)]
    scene.ownership.end([("requests", 1)])
    scene.commit(*batches)
    assert scene.recorder.works == []
    assert scene.pipeline.aborted == ["ownership"]
    assert not scene.committing.settled.is_set()


def test_a_batch_of_an_earlier_flight_enters_no_transaction(scene: Scene) -> None:
    batch = scene.batch()
    scene.pipeline.flight = Flight(batch.number)
    scene.commit(batch)
    assert scene.recorder.works == []
    assert scene.pipeline.aborted == []


def test_who_is_no_member_commits_nothing_and_drops_nothing(scene: Scene) -> None:
    scene.membership.metadata = OUTSIDER
    scene.commit(scene.batch())
    assert scene.recorder.works == []
    assert scene.pipeline.aborted == []


def test_an_aborted_transaction_drops_the_flight_and_settles_nothing(scene: Scene) -> None:
    scene.committing.settled.set()
    scene.recorder.error = Aborted("timed_out", "no answer")
    scene.commit(scene.batch())
    assert scene.pipeline.aborted == ["timed_out"]
    assert scene.pipeline.done == []
    assert not scene.committing.settled.is_set()


def test_after_an_abort_it_settles_first_and_looks_again_what_may_be_produced(scene: Scene) -> None:
    scene.recorder.error = Aborted("timed_out", "no answer")
    scene.commit(scene.batch())
    scene.recorder.error = None
    scene.committing._settle()
    assert (scene.recorder.settles, scene.looked) == (1, 1)
    assert scene.committing.settled.is_set()


def test_a_fenced_slot_is_no_abort(scene: Scene) -> None:
    scene.recorder.error = Fenced("somebody else has it")
    with pytest.raises(Fenced):
        scene.commit(scene.batch())
    assert scene.pipeline.aborted == []


def test_clients_that_are_of_no_use_any_more_end_the_lane_s_run(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_again() -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    monkeypatch.setattr(committing, "GIVE_UP_SECONDS", 0.1)
    monkeypatch.setattr(scene.committing, "_look_again", look_again)
    scene.recorder.error = Aborted("timed_out", "no answer")
    scene.commit(scene.batch())
    with pytest.raises(KafkaException):
        scene.committing._settle()
    assert scene.recorder.settles > 1
    assert not scene.committing.settled.is_set()


def test_a_coordinator_that_does_not_answer_is_asked_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [KafkaException(KafkaError(KafkaError._TIMED_OUT))]

    def settle() -> None:
        scene.recorder.settles += 1
        if failures:
            raise failures.pop()

    monkeypatch.setattr(scene.recorder, "settle", settle)
    scene.committing._settle()
    assert scene.recorder.settles == 2
    assert scene.committing.settled.is_set()
