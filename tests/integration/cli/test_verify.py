"""`sluicegate verify` on a real Kafka: topics that a lane could have left, whole and spoilt."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.envelope import outcome_headers
from schemas.outcome import Completed
from schemas.result import result_record
from streams.binding import bind
from streams.client.connection import admin, producer
from streams.client.record import Record
from streams.stack.testing import StackForTests
from streams.verification import gather
from tests.integration.client.lane import EchoLane

COUNT = 6


class Kept:
    """An echo lane's topics, written by hand: what a worker would have left."""

    def __init__(self, stack: StackForTests, reply_topic: str) -> None:
        self.lane = EchoLane.made(stack.settings, stack.environment)
        self._requests, self._results = self.lane.codec("request"), self.lane.codec("result")
        self._sender = producer(self.lane.settings, "kept", **{"linger.ms": 0})
        asked = [self.ask(number, reply_topic if number == 3 else None) for number in range(COUNT)]
        unreadable = self.lane.produce(self.lane.requests, b"nonsense", b"key-0")
        self.lane.bury(unreadable, "not in the wire format")
        self.told = [self.tell(one, f"id-{n}", reply_topic if n == 3 else None) for n, one in enumerate(asked)]
        self.asked = [*asked, unreadable]

    def ask(self, number: int, reply_to: str | None = None) -> Record:
        value = self._requests.encode({"request_id": f"id-{number}", "payload": b"hi"})
        headers = [("reply-to", reply_to.encode())] if reply_to else []
        return self.produce(self.lane.requests, value, f"key-{number % 3}".encode(), headers)

    def tell(self, asked: Record, request_id: str, topic: str | None = None) -> Record:
        value = self._results.encode(result_record(request_id, Completed({"payload": b"hi"}), "echo", "1", 0.0, 0.0))
        headers: Any = outcome_headers("echo", asked.topic, asked.partition, asked.offset, b"", [])
        return self.produce(topic or self.lane.results, value, asked.key, headers)

    def produce(self, topic: str, value: bytes, key: bytes | None, headers: Any) -> Record:
        """Writes one record, and waits until it is there."""
        written: list[Any] = []
        self._sender.produce(topic, value, key, headers=headers, on_delivery=lambda error, done: written.append(done))
        assert self._sender.flush(10) == 0
        return Record(topic, written[0].partition(), written[0].offset(), key=key, value=value)

    def settle(self) -> None:
        """Commits all that was asked, as the lane's group."""
        group = bind(self.lane.settings, "echo").group
        consumer = Consumer({"bootstrap.servers": self.lane.settings.kafka.bootstrap_servers, "group.id": group})
        ends: dict[int, int] = {}
        for record in self.asked:
            ends[record.partition] = max(ends.get(record.partition, 0), record.offset + 1)
        offsets = [TopicPartition(self.lane.requests, number, end) for number, end in ends.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
        consumer.close()

    def verify(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        done = self.lane.run("verify", *(arguments or ("echo",)), "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def new_kept(stack: StackForTests, new_topic: Callable[..., str]) -> Callable[[], Kept]:
    return lambda: Kept(stack, new_topic("mine", partitions=1))


def test_a_lanes_topics_are_proved_while_it_works_and_when_it_has_settled(new_kept: Callable[[], Kept]) -> None:
    kept = new_kept()
    code, said = kept.verify()
    assert (code, said["requests"], said["results"], said["replies"]) == (0, COUNT + 1, COUNT - 1, 1)
    kept.asked.append(kept.ask(COUNT))
    assert kept.verify()[1]["not_judged"] == {"under_way": 1}
    kept.settle()
    code, said = kept.verify()
    assert (code, said["wrong"]["missing"], said["dead_letters"]) == (1, 1, 1)
    assert said["examples"]["missing"] == [kept.asked[-1].place]
    kept.tell(kept.asked[-1], f"id-{COUNT}")
    code, said = kept.verify()
    assert (code, said["judged"], said["not_judged"]) == (0, COUNT + 2, {})
    assert kept.lane.run("verify", "echo", "--at-least", "99").returncode == 1
    shown = kept.lane.run("verify", "echo")
    assert shown.returncode == 0
    assert "the promise holds" in shown.stdout


def test_what_is_spoilt_is_shown_with_its_place(new_kept: Callable[[], Kept]) -> None:
    kept = new_kept()
    again = kept.tell(kept.asked[4], "id-4")
    orphan = kept.lane.produce(kept.lane.results, b"who?", b"key")
    lane = kept.lane
    code, said = kept.verify(
        "--requests", lane.requests, "--results", lane.results, "--dead-letters", lane.settings.dead_letters
    )
    assert code == 1
    assert {kind for kind, count in said["wrong"].items() if count} == {"duplicate", "orphan"}
    assert said["examples"]["duplicate"] == [f"{again.place} is one more for {kept.asked[4].place}"]
    assert said["examples"]["orphan"] == [f"{orphan.place} names no request"]


def test_what_retention_took_is_not_judged(new_kept: Callable[[], Kept]) -> None:
    kept = new_kept()
    kept.settle()
    results = {one.partition: one.offset + 1 for one in kept.told if one.topic == kept.lane.results}
    client = admin(kept.lane.settings)
    places = [TopicPartition(kept.lane.results, number, end) for number, end in results.items()]
    for future in client.delete_records(places).values():
        future.result(10)
    code, said = kept.verify()
    assert (code, said["not_judged"]) == (0, {"outcomes_deleted": COUNT - 1})
    places = [TopicPartition(one.topic, one.partition, one.offset + 1) for one in kept.asked[-1:]]
    client.delete_records(places)[places[0]].result(10)
    assert kept.verify()[0] == 0


def test_an_open_transaction_that_does_not_end_is_an_error(
    new_kept: Callable[[], Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = new_kept()
    kept.settle()
    sender = producer(kept.lane.settings, "hanging", **{"transactional.id": f"hanging-{kept.lane.results}"})
    sender.init_transactions(10)
    sender.begin_transaction()
    sender.produce(kept.lane.results, b"open", partition=0)
    sender.flush(10)
    monkeypatch.setattr(gather, "SWEEP_SECONDS", 0.0)
    monkeypatch.setenv("SLUICEGATE_KAFKA__TRANSACTION_TIMEOUT_MS", "1000")
    try:
        code, said = kept.verify()
    finally:
        sender.abort_transaction(10)
    assert (code, said["wrong"]["open"], said["wrong"]["missing"]) == (1, 1, 0)
    assert kept.verify()[0] == 0
