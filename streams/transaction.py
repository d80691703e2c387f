"""One Kafka transaction at a time, and the rule for when its producer must be made anew.

A commit whose answer was lost may reach the broker late and commit the *next* transaction (KAFKA-17754); librdkafka
retries it silently. So a producer is used again only while nothing it sent can have been sent twice: its commits
returned and were quick, and it lost no connection (`streams.disturbance`). Otherwise, and after every failure, a new
producer with the same transactional id fences the old one; `init_transactions` also settles what the broker holds open.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from schemas.errors import SluicegateError
from streams.disturbance import NEEDED, Disturbance
from streams.failpoints import passing
from streams.output import Output

SUSPICIOUS_SECONDS = 0.5
FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
    }
)

log = structlog.get_logger(__name__)


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


class Transactor:
    """Exactly-once: outputs and offsets in one transaction (KIP-447 group metadata fences zombies)."""

    def __init__(self, properties: dict[str, Any], timeout: float, on_renewed: Callable[[str], None]) -> None:
        self._properties = properties
        self._timeout = timeout
        self._on_renewed = on_renewed
        self._producer: Producer | None = None
        self._disturbance = Disturbance()

    def settle(self) -> None:
        """Makes the producer if there is none; 60 ms when the broker is near."""
        if self._producer is None:
            disturbance = Disturbance()
            producer = Producer({**self._properties, **NEEDED}, logger=disturbance)
            try:
                producer.init_transactions(self._timeout)
            except KafkaException as error:
                producer.close()
                raise_if_fenced(error)
                raise
            self._producer, self._disturbance = producer, disturbance

    def commit(self, work: Work) -> None:
        """One transaction. After Aborted the producer is gone: `settle` before anything else."""
        self.renew_if_disturbed()
        try:
            self.settle()
        except KafkaException as error:
            raise Aborted(cause_of(error), str(error)) from error
        producer = self._producer
        assert producer is not None
        try:
            began = self._run(producer, work)
        except KafkaException as error:
            self.discard("abort")
            raise_if_fenced(error)
            raise Aborted(cause_of(error), str(error)) from error
        except BaseException:
            self.discard("error")
            raise
        if time.monotonic() - began > SUSPICIOUS_SECONDS:
            self.discard("slow commit")

    def renew_if_disturbed(self) -> None:
        """Drops a producer that lost a connection, in a commit or between two; what it sent may be under way twice."""
        if self._producer is not None:
            self._producer.poll(0)
            if self._disturbance.seen:
                self.discard("lost a connection")

    def discard(self, why: str) -> None:
        """Drops the producer; the next one, with the same id, fences whatever it left on its way."""
        producer, self._producer = self._producer, None
        if producer is not None:
            log.info("producer made anew", why=why)
            self._on_renewed(why)
            release(producer)

    def close(self) -> None:
        """Lets the producer go. An open transaction is aborted by whoever takes the id next."""
        producer, self._producer = self._producer, None
        if producer is not None:
            release(producer)

    def _run(self, producer: Producer, work: Work) -> float:
        passing("begin.before")
        producer.begin_transaction()
        passing("begin.after")
        passing("produce.before")
        produce_work(producer, work, self._timeout)
        passing("produce.after")
        passing("send_offsets.before")
        producer.send_offsets_to_transaction(work.offsets, work.metadata, self._timeout)
        passing("send_offsets.after")
        passing("commit.before")
        began = time.monotonic()
        producer.commit_transaction(self._timeout)
        passing("commit.after")
        return began


class PlainCommitter:
    """At-least-once: outputs first, then the offsets; at-most-once: the offsets first."""

    def __init__(
        self,
        properties: dict[str, Any],
        timeout: float,
        commit_offsets: Callable[[Sequence[TopicPartition]], None],
        *,
        offsets_first: bool,
    ) -> None:
        self._properties = properties
        self._timeout = timeout
        self._commit_offsets = commit_offsets
        self._offsets_first = offsets_first
        self._producer: Producer | None = None
        self._failed: list[KafkaError] = []

    def settle(self) -> None:
        """Makes the producer; nothing of an earlier holder can be open."""
        if self._producer is None:
            self._producer = Producer({**self._properties, "on_delivery": self._delivered})

    def commit(self, work: Work) -> None:
        """Produces and commits in the order of the guarantee."""
        self.settle()
        try:
            if self._offsets_first:
                self._commit_offsets(work.offsets)
                self._produce(work)
            else:
                self._produce(work)
                self._commit_offsets(work.offsets)
        except KafkaException as error:
            raise_if_fenced(error)
            raise Aborted(cause_of(error), str(error)) from error
        except TimeoutError as error:
            raise Aborted("timeout", "the offsets were not committed in time") from error

    def close(self) -> None:
        """Lets the producer go."""
        producer, self._producer = self._producer, None
        if producer is not None:
            release(producer)

    def _produce(self, work: Work) -> None:
        producer = self._producer
        assert producer is not None
        passing("produce.before")
        told = replace(work, outputs=self._watched(work.outputs), late=lambda: self._watched(work.late()))
        produce_work(producer, told, self._timeout)
        left = producer.flush(self._timeout)
        failed, self._failed = self._failed, []
        if failed:
            raise KafkaException(failed[0])
        if left:
            raise Aborted("timeout", f"{left} records were not acknowledged within {self._timeout:g} s")
        passing("produce.after")

    def _watched(self, outputs: Iterable[Output]) -> Iterator[Output]:
        # A record's own callback is called instead of the producer's.
        return (output if output.on_delivery is None else output.telling(self._delivered) for output in outputs)

    def _delivered(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self._failed.append(error)


def produce_work(producer: Producer, work: Work, timeout: float) -> None:
    """Produces the outputs; when some are tracked, waits for their places before the late ones."""
    produce_all(producer, work.outputs, timeout)
    if work.tracked and producer.flush(timeout):
        raise Aborted("timeout", f"records were not acknowledged within {timeout:g} s")
    produce_all(producer, work.late(), timeout)


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


def release(producer: Producer) -> None:
    """Destroys a producer without waiting for what it still holds."""
    producer.purge()
    producer.poll(0)


def raise_if_fenced(error: KafkaException) -> None:
    """Raises Fenced when the error says that someone else holds the slot."""
    if error.args[0].code() in FENCED:
        raise Fenced(str(error)) from error


def cause_of(error: KafkaException) -> str:
    """A short, stable name of why a transaction did not commit."""
    return str(error.args[0].name()).lower().lstrip("_")
