"""A handler with state: counts without a gap or a repetition, through kill -9 and aborted transactions."""

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas import avsc
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.subjects import subject
from streams.polling import poll_many
from streams.stack.testing import StackForTests
from streams.testing import eventually

PARTITIONS, KEYS, ROUNDS = 2, 5, 60
WORKER = Path(__file__).parent / "counting_worker.py"

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def lane(stack: StackForTests, new_topic: Callable[..., str]) -> dict[str, str]:
    """Topics of the lane's own, with their schemas."""
    requests, results = new_topic("requests", partitions=PARTITIONS), new_topic("results", partitions=PARTITIONS)
    group = requests.replace("requests", "group")
    registry = Registry(stack.settings.registry.url)
    registry.register(subject(requests), avsc.load("echo", "request"))
    registry.register(subject(results), avsc.load("echo", "result"))
    changelogs = [
        NewTopic(f"{group}.repeats", PARTITIONS, 1),
        NewTopic(f"{group}.state", PARTITIONS, 1, config={"cleanup.policy": "compact"}),
    ]
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    for made in admin.create_topics(changelogs).values():
        made.result(10)
    return {"requests": requests, "results": results, "group": group}


@pytest.fixture
def start(stack: StackForTests, lane: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts a worker in a slot; whatever was started is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []
    binding = {
        "requests": [lane["requests"]],
        "results": lane["results"],
        "group": lane["group"],
        # Small transactions, so that there are several to fail in.
        "transaction_records": 32,
    }

    def begin(slot: int, failpoints: str = "") -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **stack.environment,
            "SLUICEGATE_LANES": json.dumps({"echo": binding}),
            "SLUICEGATE_FAILPOINTS": failpoints,
        }
        log = (tmp_path / f"worker-{len(started)}.log").open("wb")
        process = subprocess.Popen([sys.executable, str(WORKER), str(slot)], env=environment, stdout=log, stderr=log)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def send(stack: StackForTests, topic: str, first: int) -> None:
    """One round of requests, one for each key."""
    codec = Codec(avsc.load("echo", "request"), subject(topic), Registry(stack.settings.registry.url))
    codec.bind()
    producer = Producer({"bootstrap.servers": stack.bootstrap, "partitioner": "murmur2_random"})
    for round_number in range(first, first + ROUNDS):
        for key in range(KEYS):
            record = {"request_id": f"{key}-{round_number}", "payload": b""}
            producer.produce(topic, key=str(key).encode(), value=codec.encode(record))
    assert producer.flush(20) == 0


class Counts:
    """Reads the results, committed ones only."""

    def __init__(self, stack: StackForTests, topic: str) -> None:
        registry = Registry(stack.settings.registry.url)
        self._codec = Codec(avsc.load("echo", "result"), subject(topic), registry)
        registry.fetch(self._codec.bind())
        self._consumer = Consumer(
            {"bootstrap.servers": stack.bootstrap, "group.id": "counts", "isolation.level": "read_committed"}
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        self.of: dict[bytes, list[int]] = defaultdict(list)

    def read(self) -> int:
        """Takes what is there; how many counts there are in all."""
        for message in poll_many(self._consumer, 500, 0.2):
            assert message.error() is None
            key, payload = message.key(), self._codec.decode(message.value())["payload"]
            assert isinstance(key, bytes)
            self.of[key].append(int(payload))
        return sum(map(len, self.of.values()))

    def are_whole(self, rounds: int) -> bool:
        """Whether each key was counted from 1 without a gap or a repetition."""
        return all(self.of[str(key).encode()] == list(range(1, rounds + 1)) for key in range(KEYS))


@pytest.mark.parametrize("failpoint", ["commit.before:3:kill", "apply.before:3:kill", "produce.after:3:raise"])
def test_counts_go_on_exactly_where_they_were(
    stack: StackForTests, lane: dict[str, str], start: Start, failpoint: str
) -> None:
    """State is what was committed: after a kill before or after the commit, and after an error in between."""
    counts = Counts(stack, lane["results"])
    first = start(0, failpoint)
    send(stack, lane["requests"], 0)
    if failpoint.endswith("kill"):
        assert first.wait(60) == -signal.SIGKILL
        start(0)
    eventually(lambda: counts.read() >= KEYS * ROUNDS, within=60, what="a count for each request")
    assert counts.are_whole(ROUNDS), counts.of


def test_another_slot_reads_the_state_from_the_changelog(
    stack: StackForTests, lane: dict[str, str], start: Start
) -> None:
    """A worker that has no checkpoint of the partitions goes on where the other one was."""
    counts = Counts(stack, lane["results"])
    first = start(0)
    send(stack, lane["requests"], 0)
    eventually(lambda: counts.read() >= KEYS * ROUNDS, within=60, what="the first half")
    first.send_signal(signal.SIGKILL)
    start(1)
    send(stack, lane["requests"], ROUNDS)
    eventually(lambda: counts.read() >= 2 * KEYS * ROUNDS, within=60, what="the second half")
    assert counts.are_whole(2 * ROUNDS), counts.of
