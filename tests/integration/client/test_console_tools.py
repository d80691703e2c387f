"""Kafka's own console tools are clients too: JSON with headers in, results out, with no code of ours between."""

import json
import signal
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest

from tests.integration.client.lane import SLUICEGATE, EchoLane

ANSWER_MS = 60_000


@pytest.fixture(scope="module")
def served(new_lane: Callable[[], EchoLane]) -> Iterator[EchoLane]:
    """An echo lane that a real worker serves."""
    lane = new_lane()
    worker = lane.start("worker", "--only", "echo", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield lane
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(20)
        finally:
            worker.kill()


def tool(lane: EchoLane, *arguments: str, stdin: bytes = b"") -> bytes:
    """What one of Kafka's tools printed."""
    done = subprocess.run(
        [str(SLUICEGATE), "kafka-tool", *arguments],
        input=stdin,
        capture_output=True,
        timeout=ANSWER_MS / 1_000 + 30,
        env=lane.variables,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def produce(lane: EchoLane, *lines: str) -> None:
    """Lines of `headers<TAB>key<TAB>value` through the console producer, as the docs write it."""
    properties = ["--property", "parse.headers=true", "--property", "parse.key=true"]
    tool(lane, "console-producer", "--topic", lane.requests, *properties, stdin="\n".join(lines).encode())


def consume(lane: EchoLane, topic: str, count: int) -> list[bytes]:
    """Records as the console consumer prints them, as the docs write it."""
    properties = ["--property", "print.headers=true", "--property", "print.key=true"]
    end = ["--max-messages", str(count), "--timeout-ms", str(ANSWER_MS)]
    options = ["--from-beginning", "--isolation-level", "read_committed", *properties, *end]
    found = tool(lane, "console-consumer", "--topic", topic, *options)
    return [line for line in found.split(b"\n") if b"ce_id:" in line]


def test_json_through_the_console_producer_is_answered_for_the_console_consumer(
    served: EchoLane, new_topic: Callable[..., str]
) -> None:
    topic = new_topic("answers")
    request = {"request_id": "by-hand", "payload": b64encode(b"good day").decode()}
    elsewhere = {"request_id": "elsewhere", "payload": ""}
    produce(
        served,
        f"content-type:application/json,x-mine:1\tby-hand\t{json.dumps(request)}",
        f"content-type:application/json,reply-to:{topic},reply-key:mine\telsewhere\t{json.dumps(elsewhere)}",
    )
    [line] = consume(served, served.results, 1)
    headers, key, value = line.split(b"\t", 2)
    assert f"ce_id:{served.requests}:".encode() in headers
    assert b"x-mine:1" in headers
    assert key == b"by-hand"
    assert value.startswith(b"\0")
    assert b"good day" in value

    [line] = consume(served, topic, 1)
    assert line.split(b"\t")[1] == b"mine"
    assert json.loads(served.run("tail", topic, "--from-beginning").stdout)["status"] == "COMPLETED"
