"""What the committer thread asks of a delivery guarantee, and what all of them do alike."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from schemas.errors import SluicegateError
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


class Transaction(Protocol):
    """What becomes durable together. One thread at a time may use it; `begin` and `commit` need not be the same one."""

    def produce(self, outputs: Iterable[Output]) -> None:
        """Hands outputs over; waits only while the producer's queue is full. Raises Aborted or Fenced."""

    def commit(
        self,
        late: Callable[[], Iterable[Output]],
        offsets: Sequence[TopicPartition],
        metadata: bytes,
        *,
        tracked: bool,
        on_written: Callable[[], None] | None = None,
    ) -> None:
        """Blocks until outputs and offsets are durable. Raises Aborted or Fenced.

        `late` gives more outputs; if the transaction is `tracked`, not before it is known where the others lie. With
        `on_written` the outputs are written first, and it is called as soon as nothing can come before them in a log.
        """


class Committer(Protocol):
    """What a delivery guarantee does with the outputs and offsets of finished micro-batches.

    Two transactions may be under way: one that commits, and the next one, which is being filled.
    """

    @property
    def doubtful(self) -> bool:
        """Whether `begin` has to make its producers anew: call it then with no other transaction under way."""

    def settle(self) -> None:
        """Blocks until nothing that an earlier holder of the slot began is open. Raises Fenced, KafkaException."""

    def begin(self) -> Transaction:
        """The next transaction. Blocks only if `doubtful`; raises Aborted or Fenced."""

    def discard(self, why: str) -> None:
        """Lets go whatever is under way: after a failure, or to give a transaction up. `settle` before the next."""

    def close(self) -> None:
        """Lets the producers go; what is uncommitted is lost."""


def produce_all(producer: Producer, outputs: Iterable[Output], timeout: float) -> None:
    """Hands every output to librdkafka; waits while its queue is full, at most `timeout` seconds in all."""
    produce = producer.produce
    deadline = time.monotonic() + timeout
    for topic, value, key, partition, headers, on_delivery in outputs:
        while True:
            try:
                produce(topic, value, key, partition, on_delivery, None, 0, headers)  # type: ignore[arg-type] # list is invariant
                break
            except BufferError:
                if time.monotonic() > deadline:
                    raise Aborted("timeout", f"the producer's queue stayed full for {timeout:g} s") from None
                producer.poll(0.01)


def produce_late(producer: Producer, late: Callable[[], Iterable[Output]], timeout: float, *, tracked: bool) -> None:
    """Produces the late outputs; if others are tracked, waits for their places first."""
    if tracked and producer.flush(timeout):
        raise Aborted("timeout", f"records were not acknowledged within {timeout:g} s")
    produce_all(producer, late(), timeout)


def release(producer: Producer) -> None:
    """Destroys a producer without waiting for what it still holds."""
    producer.purge()
    producer.poll(0)


def aborted_by(error: KafkaException) -> Aborted:
    """What an error of the client means for the transaction. Raises Fenced when someone else holds the slot."""
    raise_if_fenced(error)
    return Aborted(cause_of(error), str(error))


def raise_if_fenced(error: KafkaException) -> None:
    """Raises Fenced when the error says that someone else holds the slot."""
    if error.args[0].code() in FENCED:
        raise Fenced(str(error)) from error


def cause_of(error: KafkaException) -> str:
    """A short, stable name of why a transaction did not commit."""
    return str(error.args[0].name()).lower().lstrip("_")
