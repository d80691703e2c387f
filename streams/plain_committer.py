"""The guarantees without transactions: at-least-once and at-most-once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from streams.committer import Aborted, aborted_by, produce_all, produce_late, release
from streams.failpoints import passing
from streams.output import Output


class PlainCommitter:
    """At-least-once: outputs first, then the offsets; at-most-once: the offsets first."""

    doubtful = False

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

    def begin(self) -> "PlainTransaction":
        """What stands in for a transaction."""
        self.settle()
        return PlainTransaction(self, offsets_first=self._offsets_first)

    def discard(self, why: str) -> None:
        """Nothing to give up: what was handed over is on its way."""

    def close(self) -> None:
        """Lets the producer go."""
        producer, self._producer = self._producer, None
        if producer is not None:
            release(producer)

    def produce(self, outputs: Iterable[Output]) -> None:
        """Hands outputs over. Raises Aborted, KafkaException."""
        assert self._producer is not None
        produce_all(self._producer, self._watched(outputs), self._timeout)

    def finish(self, late: Callable[[], Iterable[Output]], *, tracked: bool) -> None:
        """Blocks until everything that was handed over is acknowledged. Raises Aborted, KafkaException."""
        assert self._producer is not None
        produce_late(self._producer, lambda: self._watched(late()), self._timeout, tracked=tracked)
        left = self._producer.flush(self._timeout)
        failed, self._failed = self._failed, []
        if failed:
            raise KafkaException(failed[0])
        if left:
            raise Aborted("timeout", f"{left} records were not acknowledged within {self._timeout:g} s")

    def commit_offsets(self, offsets: Sequence[TopicPartition]) -> None:
        """Blocks until the offsets are committed. Raises Aborted, KafkaException."""
        try:
            self._commit_offsets(offsets)
        except TimeoutError as error:
            raise Aborted("timeout", "the offsets were not committed in time") from error

    def _watched(self, outputs: Iterable[Output]) -> Iterator[Output]:
        # A record's own callback is called instead of the producer's.
        return (output if output.on_delivery is None else output.telling(self._delivered) for output in outputs)

    def _delivered(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self._failed.append(error)


class PlainTransaction:
    """Outputs and offsets in the order of the guarantee; the outputs wait where the offsets come first."""

    def __init__(self, committer: PlainCommitter, *, offsets_first: bool) -> None:
        self._committer = committer
        self._waiting: list[Output] | None = [] if offsets_first else None

    def produce(self, outputs: Iterable[Output]) -> None:
        """Hands outputs over, or keeps them until the offsets are committed."""
        if self._waiting is not None:
            self._waiting.extend(outputs)
            return
        passing("produce.before")
        try:
            self._committer.produce(outputs)
        except KafkaException as error:
            raise aborted_by(error) from error
        passing("produce.after")

    def commit(
        self,
        late: Callable[[], Iterable[Output]],
        offsets: Sequence[TopicPartition],
        metadata: bytes,
        *,
        tracked: bool,
        on_written: Callable[[], None] | None = None,
    ) -> None:
        """Blocks until both are done; the group's metadata fences nobody here."""
        try:
            if self._waiting is None:
                self._committer.finish(late, tracked=tracked)
                self._committer.commit_offsets(offsets)
                return
            self._committer.commit_offsets(offsets)
            passing("produce.before")
            self._committer.produce(self._waiting)
            self._committer.finish(late, tracked=tracked)
            passing("produce.after")
        except KafkaException as error:
            raise aborted_by(error) from error
