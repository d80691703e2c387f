"""What the committer thread asks of a delivery guarantee, and what all of them do alike."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from schemas.errors import SluicegateError
from streams import steady_clock
from streams.output import Output

FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
    }
)


class Aborted(SluicegateError):
    """The transaction did not commit, or nobody knows: only the committed offsets tell. `cause` is a short name."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class Fenced(SluicegateError):
    """Someone else holds this slot's ids."""


@dataclass(slots=True)
class Work:
    """What becomes durable together. `late` outputs are asked for once the places of the others are known."""

    outputs: Iterable[Output]
    late: Callable[[], Iterable[Output]]
    tracked: bool
    offsets: list[TopicPartition]
    metadata: bytes


class Committer(Protocol):
    """What a delivery guarantee does with the outputs and offsets of finished micro-batches."""

    def settle(self) -> None:
        """Blocks until nothing that an earlier holder of the slot began is open. Raises Fenced, KafkaException."""

    def commit(self, work: "Work") -> None:
        """Blocks until outputs and offsets are durable. Raises Aborted or Fenced."""

    def close(self) -> None:
        """Lets the producer go; what is uncommitted is lost."""


def produce_work(producer: Producer, work: Work, timeout: float) -> None:
    """Produces the outputs; when some are tracked, waits for their places before the late ones."""
    produce_all(producer, work.outputs, timeout)
    if work.tracked and producer.flush(timeout):
        raise Aborted("timeout", f"records were not acknowledged within {timeout:g} s")
    produce_all(producer, work.late(), timeout)


def produce_all(producer: Producer, outputs: Iterable[Output], timeout: float) -> None:
    """Hands every output to librdkafka; waits while its queue is full, at most `timeout` seconds in all.

    Records are stamped here: Kafka refuses one from a clock that is over an hour ahead.
    """
    produce, now_ms = producer.produce, steady_clock.now_ms()
    deadline = time.monotonic() + timeout
    for topic, value, key, partition, headers, on_delivery in outputs:
        while True:
            try:
                produce(topic, value, key, partition, on_delivery, None, now_ms, headers)  # type: ignore[arg-type] # list is invariant
                break
            except BufferError:
                if time.monotonic() > deadline:
                    raise Aborted("timeout", f"the producer's queue stayed full for {timeout:g} s") from None
                producer.poll(0.01)


def release(producer: Producer) -> None:
    """Destroys a producer without waiting for what it still holds."""
    producer.purge()
    # One that is fenced says so again with each poll: whoever lets it go knows already.
    with suppress(KafkaException):
        producer.poll(0)


def raise_if_fenced(error: KafkaException) -> None:
    """Raises Fenced when the error says that someone else holds the slot."""
    if error.args[0].code() in FENCED:
        raise Fenced(str(error)) from error


def cause_of(error: KafkaException) -> str:
    """A short, stable name of why a transaction did not commit."""
    return str(error.args[0].name()).lower().lstrip("_")
