"""Repeats that are new requests: forgotten, or sent with a key that leads to another partition."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.partitioner import partition_for
from streams.stack.testing import StackForTests
from streams.testing import eventually
from tests.e2e.bad_input.served_lane import SLUICEGATE, Bad, ServedLane, now_ms

OBLIGING = (sys.executable, str(Path(__file__).with_name("obliging_worker.py")))
PARTITIONS, ENTRIES, RETENTION_SECONDS = 4, 3, 2.0


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An obliging echo lane of several partitions."""
    logs = tmp_path_factory.mktemp("partitions")
    with ServedLane(stack, logs, command=OBLIGING, partitions=PARTITIONS) as served:
        yield served


@pytest.fixture(scope="module")
def forgetful(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An obliging echo lane that remembers little, and not for long."""
    repeats = {"retention_seconds": RETENTION_SECONDS, "entries": ENTRIES}
    with ServedLane(stack, tmp_path_factory.mktemp("forgetful"), command=OBLIGING, repeats=repeats) as served:
        yield served


def partition_of(place: str) -> int:
    """The partition of a place."""
    return int(place.split(":")[1])


def by_console(lane: ServedLane, request_id: str, payload: bytes) -> None:
    """One request through Kafka's own console producer, which hashes keys as all Java clients do."""
    record = json.dumps({"request_id": request_id, "payload": b64encode(payload).decode()})
    properties = ["--property", "parse.headers=true", "--property", "parse.key=true"]
    command = [str(SLUICEGATE), "kafka-tool", "console-producer", "--topic", lane.binding().requests[0], *properties]
    line = f"content-type:application/json\t{request_id}\t{record}"
    subprocess.run(command, input=line.encode(), env=lane.environment, check=True, capture_output=True, timeout=60)


def test_java_and_librdkafka_with_murmur2_repeat_each_other(lane: ServedLane) -> None:
    """Sent by librdkafka first; then Java's repeat of each must be on the partition that knows it."""
    request_id = next(str(n) for n in range(100) if partition_for(str(n).encode(), PARTITIONS) == PARTITIONS - 1)
    place = lane.ask(request_id, b"same")
    assert partition_of(place) == PARTITIONS - 1
    first = lane.answer(place)
    by_console(lane, request_id, b"same")
    topic, partition, offset = place.split(":")
    again = lane.answer(f"{topic}:{partition}:{int(offset) + 1}")
    assert again.replayed
    assert again.record.value == first.record.value


def test_librdkafkas_own_partitioner_makes_it_a_new_request_on_another_partition(lane: ServedLane) -> None:
    """CRC32 sends most keys elsewhere than murmur2: there, nothing is known of them."""
    request_ids = [f"id-{number}" for number in range(20)]
    records = [Bad(lane.request(one), one.encode()) for one in request_ids]
    java, crc32 = lane.send(records), lane.send(records, partitioner="consistent_random")
    moved = [partition_of(one) != partition_of(other) for one, other in zip(java, crc32, strict=True)]
    assert any(moved)
    assert not all(moved)
    assert [answer.replayed for answer in lane.answers(java)] == [False] * len(java)
    assert [answer.replayed for answer in lane.answers(crc32)] == [not one for one in moved]
    ran = [lane.said().count(f"ran {one}.\n") for one in request_ids]
    assert ran == [2 if one else 1 for one in moved]


def test_what_is_out_of_retention_is_a_new_request(forgetful: ServedLane) -> None:
    forgetful.answer(forgetful.ask("old"))
    # By now it is in the book, so from now on the retention runs.
    end = now_ms() + int(RETENTION_SECONDS * 1000)
    eventually(lambda: now_ms() > end, what="the end of the retention")
    assert not forgetful.answer(forgetful.ask("old")).replayed
    assert forgetful.said().count("ran old.\n") == 2


def test_what_was_evicted_is_a_new_request(forgetful: ServedLane) -> None:
    names = [f"one of {number}" for number in range(ENTRIES + 1)]
    for name in names:
        forgetful.answer(forgetful.ask(name))
    assert not forgetful.answer(forgetful.ask(names[0])).replayed
    assert forgetful.said().count(f"ran {names[0]}.\n") == 2
