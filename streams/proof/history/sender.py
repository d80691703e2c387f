"""A client that sends values at a steady rate, one operation at a time, and notes how each ended."""

import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

from confluent_kafka import KafkaError, Message

from streams.proof.history.operations import Fate, Queue, Sent, Spot
from streams.proof.history.recorder import Recorder
from streams.settings import Settings

KEYS = 20
# What a broker, or librdkafka, answers to a record that it has not taken and never will.
REFUSED = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError._PURGE_QUEUE, KafkaError._QUEUE_FULL})

Encode = Callable[[str], bytes]


def properties(settings: Settings, name: str, **more: Any) -> dict[str, Any]:
    """The properties of a client's producer; a send that takes longer than 20 s is given up, its fate unknown."""
    tuned = {
        "client.id": name,
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 1,
        "retry.backoff.ms": 20,
        "reconnect.backoff.max.ms": 1_000,
        "delivery.timeout.ms": 20_000,
        "log_level": 0,
        **more,
    }
    return {**settings.kafka.client(**tuned), **settings.kafka.producer}


class Report:
    """What became of one record."""

    def __init__(self) -> None:
        self.done = False
        self.spot: Spot | None = None
        self.error: KafkaError | None = None

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        """The producer's call when it knows."""
        self.done, self.error = True, error
        if error is None:
            self.spot = Spot(Queue(message.topic() or "", message.partition() or 0), message.offset() or 0)


class Sender(threading.Thread):
    """One client: `rate` operations a second at most; `stop` lets it finish the one that is under way."""

    def __init__(
        self, settings: Settings, topic: str, encode: Encode, recorder: Recorder, name: str, rate: float, random: Random
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.settings, self.topic, self.encode, self.recorder, self.random = settings, topic, encode, recorder, random
        self._rate = rate
        self._stopping = threading.Event()
        self._count = 0
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Operates until it is told to stop."""
        try:
            began, done = time.monotonic(), 0
            while not self._stopping.wait(max(0.0, began + done / self._rate - time.monotonic())):
                self.operate()
                done += 1
            self.close()
        except BaseException as error:
            self.problem = error

    def cease(self) -> None:
        """Begins no other operation; does not wait."""
        self._stopping.set()

    def stop(self, seconds: float = 60.0) -> None:
        """Ends it. Raises what it stumbled over, and TimeoutError if its last operation does not end."""
        self.cease()
        self.join(seconds)
        if self.problem is not None:
            raise self.problem
        if self.is_alive():
            raise TimeoutError(f"{self.name} is still at its last operation after {seconds:g} s")

    def operate(self) -> None:
        """One operation."""
        raise NotImplementedError

    def close(self) -> None:
        """Lets the producer go."""
        raise NotImplementedError

    def value(self) -> str:
        """A value that nobody sent before."""
        self._count += 1
        return f"{self.name}.{self._count}"

    def produce(self, producer: Any, value: str) -> Report:
        """Sends a value with some key. Raises KafkaException or BufferError when it could not even be queued."""
        report = Report()
        key = f"key-{self.random.randrange(KEYS)}".encode()
        producer.produce(self.topic, self.encode(value), key, on_delivery=report)
        return report


def fate_of(error: KafkaError | None) -> Fate:
    """How a send with this report ended."""
    if error is None:
        return Fate.OK
    return Fate.FAIL if error.code() in REFUSED else Fate.INFO


def await_reports(producer: Any, reports: list[Report]) -> None:
    """Blocks until the fate of every record is known, at the latest when its delivery is given up."""
    while not all(report.done for report in reports):
        producer.poll(0.05)


def sent_of(values: list[str], reports: list[Report]) -> tuple[Sent, ...]:
    """Values with where they lie."""
    spots = [report.spot for report in reports] + [None] * (len(values) - len(reports))
    return tuple(map(Sent, values, spots))
