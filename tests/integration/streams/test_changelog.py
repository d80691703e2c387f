"""Where a changelog ends: not before a transaction that is committed, or may yet be."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from streams import changelog, connections
from streams.binding import Binding, bind
from streams.changelog import Changelogs
from streams.checkpoints import Checkpoints
from streams.partition import Ownership, Partition
from streams.repeats.answer import seal
from streams.repeats.book import AnswerBook, Bounds
from streams.repeats.digest import digest_id, digest_payload
from streams.repeats.record import pack
from streams.settings import Settings


class Scene:
    """A changelog of one partition with one committed answer, and a writer with a second one on its way."""

    def __init__(self, settings: Settings, binding: Binding, folder: Path) -> None:
        self.binding = binding
        self.partition = Partition("requests", 0, AnswerBook(Bounds(100, 1 << 20, 1 << 40)), None)
        admin = AdminClient(settings.kafka.client())
        reader = Consumer(connections.reader(settings, binding))
        checkpoints = Checkpoints(folder, binding, admin, Ownership())
        self.changelogs = Changelogs(binding, reader, admin, checkpoints, answers=True, state=False)
        self.writer = Producer(connections.transactional(settings, binding, binding.repeats))
        self.writer.init_transactions(10)
        self.write("first")
        self.writer.commit_transaction(10)
        self.write("second")

    def write(self, name: str) -> None:
        """One answer in a new transaction, in the log when this returns."""
        now_ms = time.time_ns() // 1_000_000
        entry = (digest_id(name), seal(digest_payload(b""), now_ms, b"answer"))
        self.writer.begin_transaction()
        self.writer.produce(self.binding.repeats, pack([entry]), b"requests", 0)
        assert self.writer.flush(10) == 0

    def known(self, name: str) -> bool:
        """Whether the partition remembers this answer."""
        return self.partition.book.recall(digest_id(name), time.time_ns() // 1_000_000) is not None


@pytest.fixture
def scene(settings: Settings, new_topic: Callable[..., str], tmp_path: Path) -> Iterator[Scene]:
    binding = replace(bind(settings, "echo"), repeats=new_topic("repeats"))
    made = Scene(settings, binding, tmp_path)
    yield made
    made.writer.close()


def test_an_open_transaction_at_the_end_is_waited_for(scene: Scene) -> None:
    reading = Thread(target=scene.changelogs.bring_up, args=(scene.partition,))
    reading.start()
    reading.join(1.0)
    assert reading.is_alive()
    scene.writer.commit_transaction(10)
    reading.join(10)
    assert not reading.is_alive()
    assert (scene.known("first"), scene.known("second")) == (True, True)


def test_an_aborted_transaction_at_the_end_is_passed(scene: Scene) -> None:
    scene.writer.abort_transaction(10)
    scene.changelogs.bring_up(scene.partition)
    assert (scene.known("first"), scene.known("second")) == (True, False)


def test_a_transaction_that_stays_open_is_no_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "OPEN_SECONDS", 0.5)
    with pytest.raises(TimeoutError, match="an open transaction holds"):
        scene.changelogs.bring_up(scene.partition)
    scene.writer.commit_transaction(10)
    scene.changelogs.bring_up(scene.partition)
    assert scene.known("second")
