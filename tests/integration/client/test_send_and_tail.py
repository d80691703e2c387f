"""`sluicegate send` and `sluicegate tail` against a real Kafka and registry."""

import base64
import json
import signal
import subprocess
from typing import Any
from uuid import uuid4

import pytest

from streams.client.connection import producer
from streams.testing import eventually
from tests.integration.client.lane import EchoLane, StandIn


def tailed(lane: EchoLane, topic: str, *options: str) -> list[Any]:
    done = lane.run("tail", topic, "--from-beginning", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_arguments_are_sent_as_avro_and_shown_as_json(lane: EchoLane) -> None:
    options = ["--deadline", "1m", "--reply-to", "answers", "--header", "x-mine=1"]
    done = lane.run("send", "echo", "request_id=one", "payload=hi", *options)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"sent 1 to {lane.requests}" in done.stderr
    assert tailed(lane, lane.requests) == [{"request_id": "one", "payload": encoded("hi")}]
    [whole] = tailed(lane, lane.requests, "--headers", "--key-format", "hex")
    assert whole["key"] == b"one".hex()
    assert whole["headers"] | {"deadline": ""} == {"x-mine": "1", "reply-to": "answers", "deadline": ""}


def test_json_lines_from_standard_input_and_a_file(lane: EchoLane, tmp_path: Any) -> None:
    lines = "\n".join(json.dumps({"request_id": f"r{n}", "payload": encoded(f"p{n % 3}")}) for n in range(200))
    assert lane.run("send", "echo", "--key-field", "payload", stdin=lines).returncode == 0
    file = tmp_path / "some.jsonl"
    file.write_text('{"payload": "aGk="}\n')
    assert lane.run("send", "echo", "--file", str(file)).returncode == 0
    found = tailed(lane, lane.requests, "--headers")
    assert len(found) == 201
    assert {one["key"] for one in found if one["value"]["request_id"].startswith("r")} == {"p0", "p1", "p2"}
    assert len({one["partition"] for one in found if one["key"] == "p1"}) == 1


def test_json_on_the_wire(lane: EchoLane) -> None:
    assert lane.run("send", "echo", "request_id=j", "payload=hi", "--json-wire").returncode == 0
    [whole] = tailed(lane, lane.requests, "--headers")
    assert whole["headers"] == {"content-type": "application/json"}
    assert whole["value"] == {"request_id": "j", "payload": encoded("hi")}


def test_a_wrong_line_stops_with_its_number_and_field_and_says_what_was_sent(lane: EchoLane) -> None:
    lines = '{"request_id": "a", "payload": ""}\n{"request_id": "b", "payload": 5}\n{"request_id": "c", "payload": ""}'
    done = lane.run("send", "echo", stdin=lines)
    assert done.returncode == 2
    assert "standard input, line 2: payload: " in done.stderr
    assert "(1 were sent before it)" in done.stderr
    assert [one["request_id"] for one in tailed(lane, lane.requests)] == ["a"]


def test_keep_going_leaves_wrong_lines_out(lane: EchoLane) -> None:
    done = lane.run("send", "echo", "--keep-going", stdin='{"payload": ""}\nnonsense\n[1]\n{"payload": ""}')
    assert done.returncode == 2
    assert "line 2: this is no JSON" in done.stderr
    assert "line 3: this must be a JSON object" in done.stderr
    assert "sent 2 to" in done.stderr
    assert "left 2 out" in done.stderr
    assert len(tailed(lane, lane.requests)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody", "a=1"], "no lane 'nobody'; there are: digits, echo, embed"),
        (["echo", "payload"], "'payload' is no field=value pair"),
        (["echo", "payload=x", "--deadline", "soon"], "--deadline: 'soon'"),
        (["echo", "payload=x", "--header", "soon"], "--header: 'soon'"),
        (["echo", "payload=x", "--reply-to", "a b"], "--reply-to: 'a b'"),
        (["echo", "payload=@/nowhere"], "payload: /nowhere can't be read"),
        (["echo", "--file", "/nowhere"], "/nowhere can't be read"),
        (["echo", "request_id=", "payload=x", "pay=x"], "pay: "),
    ],
)
def test_a_mistake_is_one_clear_line(answering: StandIn, arguments: list[str], message: str) -> None:
    done = answering.lane.run("send", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_topics_and_a_broker_that_is_down_name_the_cure(lane: EchoLane) -> None:
    done = lane.run("tail", "not-there")
    assert done.returncode == 1
    assert "'not-there'" in done.stderr
    elsewhere = EchoLane(lane.settings, {**lane.environment, "SLUICEGATE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    done = elsewhere.run("tail", "any")
    assert done.returncode == 1
    assert "no Kafka answers at 127.0.0.1:1" in done.stderr
    assert "sluicegate up" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_newest_come_without_from_beginning_and_max_bounds(lane: EchoLane) -> None:
    lines = "\n".join(json.dumps({"request_id": f"{n:03}", "payload": ""}) for n in range(50))
    assert lane.run("send", "echo", stdin=lines).returncode == 0
    assert len(lane.run("tail", lane.requests).stdout.splitlines()) == 10
    assert len(lane.run("tail", lane.requests, "--max", "3").stdout.splitlines()) == 3
    assert len(tailed(lane, lane.requests, "--max", "7")) == 7
    some = sum(len(tailed(lane, lane.requests, "--partition", str(n))) for n in range(lane.settings.topics.partitions))
    assert some == 50


def test_only_committed_records_show_and_open_transactions_do_not_hold_it_up(lane: EchoLane) -> None:
    topic = lane.results
    sender = producer(lane.settings, "test", **{"transactional.id": f"test-{uuid4()}"})
    sender.init_transactions(10)
    for value, end in [(b"committed", sender.commit_transaction), (b"aborted", sender.abort_transaction)]:
        sender.begin_transaction()
        sender.produce(topic, value, partition=0)
        sender.flush(10)
        end(10)
    sender.begin_transaction()
    sender.produce(topic, b"open", partition=0)
    sender.flush(10)
    [one] = tailed(lane, topic)
    assert base64.b64decode(one["base64"]) == b"committed"
    assert one["note"].startswith("not Avro")
    sender.abort_transaction(10)


def test_follow_shows_what_comes_until_interrupted(lane: EchoLane) -> None:
    tail = lane.start(
        "tail", lane.requests, "--from-beginning", "--follow", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert tail.stdout is not None
    assert tail.stderr is not None
    try:
        assert lane.run("send", "echo", "request_id=one", "payload=hi").returncode == 0
        assert json.loads(tail.stdout.readline())["request_id"] == "one"
        assert lane.run("send", "echo", "request_id=two", "payload=hi").returncode == 0
        assert json.loads(tail.stdout.readline())["request_id"] == "two"
        tail.send_signal(signal.SIGINT)
        assert tail.wait(10) == 0
        assert tail.stderr.read() == ""
    finally:
        tail.kill()


def test_a_closed_pipe_ends_it_quietly(lane: EchoLane) -> None:
    lines = "\n".join(json.dumps({"request_id": f"{n:03}", "payload": "A" * 2_000}) for n in range(500))
    assert lane.run("send", "echo", stdin=lines).returncode == 0
    tail = lane.start("tail", lane.requests, "--from-beginning", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert tail.stdout is not None
    assert tail.stderr is not None
    tail.stdout.readline()
    tail.stdout.close()
    assert eventually(lambda: tail.poll() is not None, within=20)
    assert (tail.returncode, tail.stderr.read()) == (0, "")
