"""The guarantees without transactions: at-least-once and at-most-once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from streams.committer import Aborted, Work, cause_of, produce_work, raise_if_fenced, release
from streams.failpoints import passing
from streams.observability.logging import librdkafka_logger
from streams.output import Output


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
            properties = {**self._properties, "on_delivery": self._delivered}
            self._producer = Producer(properties, logger=librdkafka_logger())

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
