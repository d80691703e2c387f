"""A steady flow of requests to each partition of a lane, and the moments at which their results could be read."""

import itertools
import threading
import time
from types import TracebackType
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.environment import Bench, Lane
from bench.load import request_codec
from schemas.partitioner import partition_for

STEADY_SECONDS = 1.0
BODIES: dict[str, dict[str, Any]] = {
    "echo": {"payload": bytes(200)},
    "embed": {"text": "A partition's results stand still for a while when its worker dies."},
}


class NeverSteady(RuntimeError):
    """Results did not flow on all partitions in time."""


class Flow:
    """Sends `rate` requests a second, evenly to all partitions, until its end."""

    def __init__(self, bench: Bench, lane: Lane, rate: float) -> None:
        self._bench, self._lane, self._rate = bench, lane, rate
        self._partitions = lane.settings.topics.partitions
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._send, self._read)]
        self.arrivals: list[list[float]] = [[] for _ in range(self._partitions)]

    def __enter__(self) -> "Flow":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)

    def wait_steady(self, timeout: float, since: float = 0.0) -> None:
        """Blocks until each partition has had results that were sent after `since`, for a while. Raises NeverSteady."""
        deadline = time.time() + timeout
        while time.time() < deadline:
            now = time.time()
            if now > since + STEADY_SECONDS and all(one and now - one[-1] < 0.5 for one in self.arrivals):
                return
            time.sleep(0.05)
        raise NeverSteady(f"no results on some partition for {timeout:g} s: {[len(one) for one in self.arrivals]}")

    def longest_gap(self, since: float) -> float:
        """The longest time between two results of one partition, in seconds."""
        longest = 0.0
        for arrivals in self.arrivals:
            recent = [moment for moment in list(arrivals) if moment > since]
            longest = max([longest, *(later - earlier for earlier, later in itertools.pairwise(recent))])
        return longest

    def _send(self) -> None:
        topic = self._lane.binding.requests[0]
        encode = request_codec(self._bench, self._lane.binding.name, topic).encode
        producer = Producer(
            {"bootstrap.servers": self._bench.bootstrap, "linger.ms": 0, "partitioner": "murmur2_random"}
        )
        keys = {partition_for(b"k%d" % number, self._partitions): b"k%d" % number for number in range(200)}
        begin, number = time.time(), 0
        while not self._stopping.is_set():
            pause = begin + number / self._rate - time.time()
            if pause > 0:
                producer.poll(0)
                time.sleep(min(pause, 0.005))
                continue
            name = f"flow-{begin:.0f}-{number}"
            value = encode({"request_id": name, **BODIES[self._lane.binding.name]})
            producer.produce(topic, value, keys[number % self._partitions])
            number += 1
        producer.flush(10)

    def _read(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._bench.bootstrap,
                "group.id": self._bench.name("flow"),
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
                "auto.offset.reset": "earliest",
            }
        )
        results = self._lane.binding.results
        consumer.assign([TopicPartition(results, number, 0) for number in range(self._partitions)])
        while not self._stopping.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                self.arrivals[message.partition() or 0].append(time.time())
        consumer.close()
