"""`sluicegate find` against a real Kafka and registry."""

import json
from typing import Any

from streams.testing import eventually
from tests.integration.client.lane import EchoLane, StandIn


def found(lane: EchoLane, request_id: str, *options: str) -> Any:
    done = lane.run("find", request_id, "--json", "--processor", "echo", *options)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_request_that_nobody_answered_waits_behind_others(lane: EchoLane) -> None:
    for name in ("before", "wanted"):
        lane.run("send", "echo", f"request_id={name}", "payload=hi", "--key-field", "payload")
    [request] = found(lane, "wanted")["requests"]
    assert request["topic"] == lane.requests
    assert (request["state"], request["offset"], request["committed_offset"]) == ("waiting", 1, None)
    table = lane.run("find", "wanted")
    assert "waiting" in table.stdout
    assert "is a worker running?" in table.stdout


def test_an_answered_request_shows_its_answer_and_the_lanes_offset(answering: StandIn) -> None:
    lane = answering.lane
    lane.run("send", "echo", "request_id=good", "payload=hi")
    lane.run("send", "echo", "request_id=bad", "payload=fail", "--key-field", "payload")
    eventually(lambda: all(found(lane, one)["requests"][0]["answers"] for one in ("good", "bad")), within=30)
    [good] = found(lane, "good")["requests"]
    [answer] = good["answers"]
    assert good["state"] == "answered"
    assert (answer["topic"], answer["status"], answer["code"]) == (lane.results, "COMPLETED", None)
    assert good["committed_offset"] > good["offset"]
    [bad] = found(lane, "bad")["requests"]
    assert bad["answers"][0]["code"] == "PROCESSOR_FAILED"
    assert "FAILED PROCESSOR_FAILED" in lane.run("find", "bad").stdout


def test_an_answer_is_found_on_the_topic_that_the_request_asked_for(answering: StandIn, new_topic: Any) -> None:
    topic = new_topic("answers", partitions=3)
    answering.lane.run("send", "echo", "request_id=else", "payload=hi", "--reply-to", topic)
    eventually(lambda: found(answering.lane, "else")["requests"][0]["answers"], within=30)
    [request] = found(answering.lane, "else")["requests"]
    assert request["reply_to"] == topic
    assert request["answers"][0]["topic"] == topic


def test_a_dead_letter_is_found_by_where_it_came_from(lane: EchoLane) -> None:
    record = lane.produce(lane.requests, b"nonsense", b"dead")
    lane.bury(record, "not in the wire format")
    [request] = found(lane, "dead")["requests"]
    assert request["state"] == "dead letter"
    assert request["dead_letters"][0]["topic"] == lane.settings.dead_letters


def test_a_request_on_another_partition_than_its_ids_is_found_too(lane: EchoLane) -> None:
    for number in range(8):
        lane.run("send", "echo", "request_id=moved", f"payload={number}", "--key-field", "payload")
    assert len({one["partition"] for one in found(lane, "moved", "--all")["requests"]}) > 1
    [first, *_] = found(lane, "moved", "--key", "3")["requests"]
    assert first["partition"] is not None


def test_a_request_that_is_nowhere_ends_with_one(lane: EchoLane) -> None:
    done = lane.run("find", "nobody", "--since", "1h")
    assert done.returncode == 1
    assert "'nobody' is nowhere in the last 1h; --since looks further back" in done.stderr
    assert found(lane, "nobody")["requests"] == []


def test_an_id_that_is_only_mentioned_is_not_found(lane: EchoLane) -> None:
    lane.run("send", "echo", "request_id=other", "payload=wanted")
    assert found(lane, "wanted")["requests"] == []


def test_a_wrong_since_or_processor_is_one_clear_line(lane: EchoLane) -> None:
    assert "--since: 'soon'" in lane.run("find", "x", "--since", "soon").stderr
    assert "there is no processor 'nobody'" in lane.run("find", "x", "--processor", "nobody").stderr
