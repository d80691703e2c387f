"""The three guarantees on one code path, draining on SIGTERM, and leaving for good."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas import avsc
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.subjects import subject
from streams.group_view import GroupView
from streams.polling import poll_many
from streams.stack.testing import StackForTests
from streams.testing import eventually

PARTITIONS, REQUESTS = 4, 400
PROGRAM = Path(sys.executable).with_name("sluicegate")


class EchoLane:
    """An echo lane on topics of its own, and the workers that a test starts for it."""

    def __init__(self, stack: StackForTests, new_topic: Callable[..., str], logs: Path) -> None:
        self._stack, self._logs = stack, logs
        self.requests = new_topic("requests", partitions=PARTITIONS)
        self.results = new_topic("results", partitions=PARTITIONS)
        self.group = self.requests.replace("requests", "group")
        self._workers: list[subprocess.Popen[bytes]] = []
        self._view = GroupView(self.group, lambda: AdminClient({"bootstrap.servers": stack.bootstrap}))
        registry = Registry(stack.settings.registry.url)
        registry.register(subject(self.requests), avsc.load("echo", "request"))
        registry.register(subject(self.results), avsc.load("echo", "result"))
        admin = AdminClient({"bootstrap.servers": stack.bootstrap})
        admin.create_topics([NewTopic(f"{self.group}.repeats", PARTITIONS, 1)])[f"{self.group}.repeats"].result(10)
        self._codec = Codec(avsc.load("echo", "request"), subject(self.requests), registry)
        self._codec.bind()

    def start(self, slot: int, *options: str, **lane: object) -> subprocess.Popen[bytes]:
        """A worker in a slot; `lane` are further settings of the lane."""
        binding = {"requests": [self.requests], "results": self.results, "group": self.group, **lane}
        environment = {
            **os.environ,
            **self._stack.environment,
            "SLUICEGATE_LANES": json.dumps({"echo": binding}),
            "SLUICEGATE_KAFKA__SESSION_TIMEOUT_MS": "20000",
        }
        log = (self._logs / f"worker-{slot}-{len(self._workers)}.log").open("wb")
        command = [str(PROGRAM), "worker", "--only", "echo", "--slot", str(slot), *options]
        worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self._workers.append(worker)
        return worker

    def holders(self) -> int:
        """How many workers hold partitions now."""
        members = self._view.describe(10).members
        return sum(bool(member.assignment.topic_partitions) for member in members)

    def kill_all(self) -> None:
        """Ends whatever still runs."""
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def send(self, first: int, count: int = REQUESTS) -> None:
        """Requests with ids from `first` on."""
        producer = Producer({"bootstrap.servers": self._stack.bootstrap, "partitioner": "murmur2_random"})
        for number in range(first, first + count):
            value = self._codec.encode({"request_id": str(number), "payload": b"x"})
            producer.produce(self.requests, key=str(number).encode(), value=value)
        assert producer.flush(20) == 0

    def reader(self) -> Consumer:
        """A committed reader of the results from their beginning."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._stack.bootstrap,
                "group.id": "reader",
                "isolation.level": "read_committed",
            }
        )
        consumer.assign([TopicPartition(self.results, number, 0) for number in range(PARTITIONS)])
        return consumer


@pytest.fixture
def lane(stack: StackForTests, new_topic: Callable[..., str], tmp_path: Path) -> Iterator[EchoLane]:
    """An echo lane; its workers are killed at the end."""
    made = EchoLane(stack, new_topic, tmp_path)
    yield made
    made.kill_all()


def take(reader: Consumer, seen: Counter[bytes]) -> int:
    """Reads what is there; how many different keys were seen so far."""
    for message in poll_many(reader, 1_000, 0.2):
        key = message.key()
        assert message.error() is None
        assert isinstance(key, bytes)
        seen[key] += 1
    return len(seen)


@pytest.mark.parametrize("guarantee", ["exactly-once", "at-least-once", "at-most-once"])
def test_each_request_is_answered_and_a_drained_worker_leaves_nothing_undone(lane: EchoLane, guarantee: str) -> None:
    """Without a fault each guarantee answers once; SIGTERM drains, so that its successor repeats nothing."""
    reader, seen = lane.reader(), Counter[bytes]()
    first = lane.start(0, guarantee=guarantee)
    lane.send(0)
    eventually(lambda: take(reader, seen) >= REQUESTS // 2, within=60, what="half of the answers")
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    lane.start(0, guarantee=guarantee)
    lane.send(REQUESTS)
    eventually(lambda: take(reader, seen) >= 2 * REQUESTS, within=60, what="an answer for each request")
    assert max(seen.values()) == 1


def test_a_worker_that_leaves_gives_its_partitions_up_at_once(lane: EchoLane) -> None:
    """With --leave the other worker need not wait for the session's end, 20 s here."""
    reader, seen = lane.reader(), Counter[bytes]()
    leaver = lane.start(0, "--leave")
    lane.start(1)
    # One that is still on its way to its handlers has nothing to give up, and dies of the signal.
    eventually(lambda: lane.holders() == 2, within=60, what="partitions for both")
    lane.send(0)
    eventually(lambda: take(reader, seen) >= REQUESTS, within=60, what="the first answers")
    leaver.send_signal(signal.SIGTERM)
    assert leaver.wait(30) == 0
    lane.send(REQUESTS)
    eventually(lambda: take(reader, seen) >= 2 * REQUESTS, within=15, what="the answers of the one that stays")
    assert max(seen.values()) == 1
