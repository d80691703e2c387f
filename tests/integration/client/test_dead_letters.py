"""`sluicegate dead-letters` against a real Kafka."""

import json
from typing import Any

import pytest

from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.testing import eventually
from tests.integration.client.lane import EchoLane


def buried(lane: EchoLane, count: int) -> list[Record]:
    """Records that could not be read, and their dead letters."""
    records = [
        lane.produce(lane.requests, b"nonsense \xff %d" % n, b"key-%d" % n, [("x-mine", b"1")]) for n in range(count)
    ]
    for number, record in enumerate(records):
        lane.bury(record, f"reason {number}")
    return records


def listed(lane: EchoLane, *options: str) -> list[Any]:
    done = lane.run("dead-letters", "list", "--json", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def in_topic(lane: EchoLane, topic: str) -> list[Record]:
    reader = TopicReader(lane.settings)
    return list(reader.read(reader.spans(reader.partitions([topic]))))


def holds(lane: EchoLane, topic: str, count: int) -> list[Record]:
    """The topic's records, when there are so many: a commit returns before its records can be read."""
    return eventually(lambda: len(found := in_topic(lane, topic)) == count and found, what=f"{count} records") or []


def test_the_newest_are_listed_first_with_reason_origin_and_size(lane: EchoLane) -> None:
    records = buried(lane, 3)
    letters = listed(lane)
    assert [one["reason"] for one in letters] == ["reason 2", "reason 1", "reason 0"]
    assert [one["origin"] for one in letters] == [record.place for record in reversed(records)]
    assert letters[0]["size"] == len(records[2].value or b"")
    assert [one["reason"] for one in listed(lane, "--max", "1")] == ["reason 2"]
    assert [one["reason"] for one in listed(lane, "--reason", "REASON 1")] == ["reason 1"]
    assert listed(lane, "--topic", "other") == []
    assert "reason 2" in lane.run("dead-letters", "list").stdout


def test_no_dead_letters_is_said(lane: EchoLane) -> None:
    assert lane.run("dead-letters", "list").stdout == "no dead letters\n"


def test_one_is_shown_whole(lane: EchoLane) -> None:
    buried(lane, 1)
    [letter] = listed(lane)
    shown = lane.run("dead-letters", "show", letter["place"]).stdout
    assert "6e 6f 6e 73 65 6e 73 65 20 ff" in shown
    assert "__connect.errors.exception.message" in shown
    assert "key-0" in shown
    whole = json.loads(lane.run("dead-letters", "show", letter["place"], "--json").stdout)
    assert whole["headers"]["x-mine"] == "1"


@pytest.mark.parametrize("place", ["0:999", "99:0", "nonsense"])
def test_one_that_is_not_there_is_a_clear_line(lane: EchoLane, place: str) -> None:
    done = lane.run("dead-letters", "show", place)
    assert done.returncode == 2
    assert place in done.stderr


def test_a_replay_sends_the_original_once_and_notes_it(lane: EchoLane) -> None:
    [original] = buried(lane, 1)
    [letter] = listed(lane)
    dry = lane.run("dead-letters", "replay", letter["place"], "--dry-run")
    assert dry.stdout.startswith(f"would send {letter['place']} to {lane.requests}")
    assert len(in_topic(lane, lane.requests)) == 1

    done = lane.run("dead-letters", "replay", letter["place"])
    assert done.returncode == 0, done.stderr
    [_, again] = holds(lane, lane.requests, 2)
    assert (again.value, again.key, again.partition) == (original.value, original.key, original.partition)
    assert again.headers == [
        ("x-mine", b"1"),
        ("x-replayed-from", f"{lane.settings.dead_letters}:{letter['place']}".encode()),
    ]
    assert eventually(lambda: [one["replayed"] for one in listed(lane)] == [True])

    refused = lane.run("dead-letters", "replay", letter["place"])
    assert refused.returncode == 2
    assert "replayed already" in refused.stderr
    assert len(in_topic(lane, lane.requests)) == 2
    assert lane.run("dead-letters", "replay", letter["place"], "--again").returncode == 0
    assert holds(lane, lane.requests, 3)


def test_all_that_were_not_replayed_yet_go_to_another_topic(lane: EchoLane, new_topic: Any) -> None:
    buried(lane, 4)
    first = listed(lane)[0]["place"]
    topic = new_topic("elsewhere", partitions=2)
    assert lane.run("dead-letters", "replay", first, "--to", topic).returncode == 0
    assert lane.run("dead-letters", "replay", "--all", "--to", topic).returncode == 0
    assert sorted(record.key or b"" for record in holds(lane, topic, 4)) == [b"key-0", b"key-1", b"key-2", b"key-3"]
    nothing = lane.run("dead-letters", "replay", "--all")
    assert nothing.returncode == 2
    assert "4 fit and were replayed already" in nothing.stderr


def test_a_replay_that_cannot_be_is_not_begun(lane: EchoLane) -> None:
    buried(lane, 2)
    done = lane.run("dead-letters", "replay", "--all", "--to", "not-there")
    assert done.returncode == 1
    assert "'not-there'" in done.stderr
    assert [one["replayed"] for one in listed(lane)] == [False, False]


def test_a_replay_without_a_selection_asks_for_one(lane: EchoLane) -> None:
    done = lane.run("dead-letters", "replay")
    assert done.returncode == 2
    assert "--all" in done.stderr
