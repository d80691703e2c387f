"""Sends echo requests on a fixed schedule, whatever becomes of them, and reads the answers: a program of its own.

The payload begins with the moment at which the request was due, not at which it was sent: a stall of this program, or
of what it measures, counts for every request that it delayed. Prints the latencies' percentiles as JSON.
"""

import json
import struct
import sys
import threading
import time
from dataclasses import asdict, dataclass

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from bench.workload import common_headers
from schemas import avsc
from schemas.codec import frame
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for

DUE = struct.Struct("<d")
BODY = bytes(192)
LATE_SECONDS = 30.0


@dataclass(frozen=True)
class Plan:
    """`rate` is in requests a second; the first `warm_seconds` are sent and not counted."""

    bootstrap: str
    source: str
    target: str
    request_schema: int
    rate: float
    seconds: float
    warm_seconds: float = 1.0


@dataclass(frozen=True)
class Latencies:
    """Milliseconds; `missing` answers did not come, `behind_ms` is the most that the sender itself was late."""

    count: int
    missing: int
    p50: float
    p95: float
    p99: float
    highest: float
    behind_ms: float


class Reader(threading.Thread):
    """Reads answers as they are committed, and notes how long after their due time each one came."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(daemon=True)
        self._consumer = Consumer(
            {
                "bootstrap.servers": plan.bootstrap,
                "group.id": f"bench-latency-{time.time_ns()}",
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
                "fetch.queue.backoff.ms": 2,
            }
        )
        numbers = self._consumer.list_topics(plan.target, timeout=20).topics[plan.target].partitions
        self._places = [TopicPartition(plan.target, number) for number in numbers]
        self._decode = decoder_for(avsc.load("echo", "result"), avsc.load("echo", "result"), 5)
        self.found: list[tuple[float, float]] = []

    def wait_ready(self) -> None:
        """Blocks until it stands at the end of the topic."""
        for place in self._places:
            place.offset = self._consumer.get_watermark_offsets(place, timeout=20)[1]
        self._consumer.assign(self._places)

    def run(self) -> None:
        """Reads for ever."""
        while True:
            messages = [self._consumer.poll(1.0), *self._consumer.consume(1_000, 0)]
            now = time.time()
            for message in messages:
                if message is None:
                    continue
                if message.error() is not None:
                    raise KafkaException(message.error())
                payload = self._decode(message.value() or b"")["payload"]
                due = DUE.unpack_from(payload)[0]
                self.found.append((due, now - due))


def send(plan: Plan) -> tuple[float, float]:
    """Sends everything; when counting began, and the most that a request was sent after it was due."""
    producer = Producer(
        {"bootstrap.servers": plan.bootstrap, "linger.ms": 1, "partitioner": "murmur2_random", "acks": "1"}
    )
    encode = encoder_for(avsc.load("echo", "request"), frame(plan.request_schema))
    headers = common_headers()
    number, behind = 0, 0.0
    begin = time.time() + 0.2
    counted, end = begin + plan.warm_seconds, begin + plan.warm_seconds + plan.seconds
    while (due := begin + number / plan.rate) < end:
        pause = due - time.time()
        if pause > 0:
            producer.poll(0)
            time.sleep(min(pause, 0.0005))
            continue
        if due > counted:
            behind = max(behind, -pause)
        name = f"l-{begin:.0f}-{number}"
        value = encode({"request_id": name, "payload": DUE.pack(due) + BODY})
        producer.produce(plan.source, value, name, headers=headers)  # type: ignore[arg-type] # list is invariant
        number += 1
    producer.flush(30)
    return counted, behind


def measure(plan: Plan) -> Latencies:
    """Sends and reads."""
    reader = Reader(plan)
    reader.wait_ready()
    reader.start()
    counted, behind = send(plan)
    expected = round(plan.rate * plan.seconds)
    deadline = time.time() + LATE_SECONDS
    while time.time() < deadline and sum(due >= counted for due, _ in reader.found) < expected - 1:
        time.sleep(0.1)
    times = sorted(latency * 1000 for due, latency in reader.found if due >= counted)
    if not times:
        raise TimeoutError(f"no answer came in {LATE_SECONDS:g} s")

    def percentile(share: float) -> float:
        return times[min(len(times) - 1, int(len(times) * share))]

    missing = max(0, expected - 1 - len(times))
    return Latencies(len(times), missing, percentile(0.5), percentile(0.95), percentile(0.99), times[-1], behind * 1000)


def main() -> None:
    """Follows the plan on the command line."""
    print(json.dumps(asdict(measure(Plan(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
