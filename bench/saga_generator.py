"""Starts sagas on a fixed schedule, and notes when each of their commands could be read: a program of its own.

A step's latency is the time from one command on the participant's topic to the next one of the same saga there, as a
reader of committed records sees both: the participant, the reply, the saga's transition and their two transactions.
"""

import json
import sys
import threading
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from itertools import pairwise

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from bench.generator import LATE_SECONDS, Latencies
from sagas.inputs import CommandKind
from schemas.avsc import load
from schemas.codec import frame
from schemas.encoder import encoder_for
from streams.sagas.asking import command

STEPS = 3


@dataclass(frozen=True)
class SagaPlan:
    """`rate` is in sagas a second; those of the first `warm_seconds` are not counted."""

    bootstrap: str
    inbox: str
    commands: str
    command_schema: int
    saga: str
    rate: float
    seconds: float
    warm_seconds: float = 2.0


class CommandReader(threading.Thread):
    """Reads commands as they are committed, and notes when each saga's came."""

    def __init__(self, plan: SagaPlan) -> None:
        super().__init__(daemon=True)
        self._consumer = Consumer(
            {
                "bootstrap.servers": plan.bootstrap,
                "group.id": f"bench-steps-{time.time_ns()}",
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
                "fetch.queue.backoff.ms": 2,
            }
        )
        numbers = self._consumer.list_topics(plan.commands, timeout=20).topics[plan.commands].partitions
        self._places = [TopicPartition(plan.commands, number) for number in numbers]
        self.moments: dict[bytes, list[float]] = defaultdict(list)
        self.seen = 0

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
                headers = message.headers()
                assert isinstance(headers, list)
                saga = next(value for name, value in headers if name == "x-saga-id")
                assert isinstance(saga, bytes)
                self.moments[saga].append(now)
                self.seen += 1


def send(plan: SagaPlan) -> tuple[list[bytes], float]:
    """Starts everything; the sagas that count, and the most that one was started after it was due (seconds)."""
    producer = Producer(
        {"bootstrap.servers": plan.bootstrap, "linger.ms": 0, "partitioner": "murmur2_random", "acks": "1"}
    )
    encode = encoder_for(load("sagas", "request"), frame(plan.command_schema))
    begin, number, behind, counted = time.time() + 0.2, 0, 0.0, []
    until = begin + plan.warm_seconds + plan.seconds
    while (due := begin + number / plan.rate) < until:
        pause = due - time.time()
        if pause > 0:
            producer.poll(0)
            time.sleep(min(pause, 0.0005))
            continue
        name = f"g-{begin:.0f}-{number}"
        payload = json.dumps({"name": name}).encode()
        record = command(CommandKind.START, name, saga=plan.saga, payload=payload, request_id=name)
        producer.produce(plan.inbox, encode(record), name)
        if due > begin + plan.warm_seconds:
            behind = max(behind, -pause)
            counted.append(name.encode())
        number += 1
    producer.flush(30)
    return counted, behind


def measure(plan: SagaPlan) -> Latencies:
    """Starts and reads."""
    reader = CommandReader(plan)
    reader.wait_ready()
    reader.start()
    counted, behind = send(plan)
    deadline = time.time() + LATE_SECONDS
    while time.time() < deadline and any(len(reader.moments[name]) < STEPS for name in counted):
        time.sleep(0.1)
    found = [reader.moments[name] for name in counted]
    times = sorted((later - earlier) * 1000 for one in found for earlier, later in pairwise(one))
    if not times:
        raise TimeoutError(f"no second command came in {LATE_SECONDS:g} s")

    def percentile(share: float) -> float:
        return times[min(len(times) - 1, int(len(times) * share))]

    missing = (STEPS - 1) * len(counted) - len(times)
    return Latencies(len(times), missing, percentile(0.5), percentile(0.95), percentile(0.99), times[-1], behind * 1000)


def main() -> None:
    """Follows the plan on the command line."""
    print(json.dumps(asdict(measure(SagaPlan(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
