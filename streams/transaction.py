"""One Kafka transaction at a time, and the rule for when its producer must be made anew.

A commit whose answer was lost may reach the broker late and commit the *next* transaction (KAFKA-17754); librdkafka
retries it silently. So a producer is used again only while nothing it sent can have been sent twice: its commits
returned and were quick, and it lost no connection (`streams.disturbance`). Otherwise, and after every failure, a new
producer with the same transactional id fences the old one; `init_transactions` also settles what the broker holds open.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import structlog
from confluent_kafka import KafkaException, Producer, TopicPartition

from streams.committer import Aborted, aborted_by, produce_all, produce_late, raise_if_fenced, release
from streams.disturbance import NEEDED, Disturbance
from streams.failpoints import passing
from streams.output import Output

SUSPICIOUS_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Initialised(NamedTuple):
    """A producer that has fenced whoever had its id, and what tells of its lost connections."""

    producer: Producer
    disturbance: Disturbance


class Transactor:
    """Exactly-once: outputs and offsets in one transaction (KIP-447 group metadata fences zombies).

    Producers take turns, one of `properties` each. A transaction whose producer's last one still has its markers
    written is refused, and librdkafka waits 20 ms before it asks again; the other producer's is not refused. Only one
    transaction commits at any time, while the next one is filled.
    """

    def __init__(self, properties: Sequence[dict[str, Any]], timeout: float, on_renewed: Callable[[str], None]) -> None:
        self._properties = properties
        self._timeout = timeout
        self._on_renewed = on_renewed
        self._producers: deque[Initialised] = deque()
        self._slow = False

    def settle(self) -> None:
        """Makes the producers if there are none; 60 ms when the broker is near."""
        if not self._producers:
            try:
                self._producers.extend(all_initialised(self._properties, self._timeout))
            except KafkaException as error:
                raise_if_fenced(error)
                raise

    @property
    def doubtful(self) -> bool:
        """Whether something that a producer sent may be under way twice: it lost a connection, or a commit was slow."""
        if self._producers:
            # The next one's: the other's events are taken by the thread that commits, or at its next turn.
            self._producers[0].producer.poll(0)
        return self._slow or any(one.disturbance.seen for one in self._producers)

    def begin(self) -> "KafkaTransaction":
        """A transaction of the producer whose turn it is; if `doubtful`, all of them are made anew first."""
        if self.doubtful:
            self.discard("slow commit" if self._slow else "lost a connection")
        try:
            self.settle()
        except KafkaException as error:
            raise aborted_by(error) from error
        producer = self._producers[0].producer
        self._producers.rotate(-1)
        return KafkaTransaction(producer, self._timeout, self._note_commit)

    def _note_commit(self, seconds: float) -> None:
        if seconds > SUSPICIOUS_SECONDS:
            self._slow = True

    def discard(self, why: str) -> None:
        """Drops the producers; the next ones, with the same ids, fence whatever these left on their way."""
        if self._producers:
            log.info("producers made anew", why=why)
            self._on_renewed(why)
            self.close()

    def close(self) -> None:
        """Lets the producers go. An open transaction is aborted by whoever takes the ids next."""
        self._slow = False
        while self._producers:
            release(self._producers.pop().producer)


class KafkaTransaction:
    """One transaction of one producer, from its beginning to its commit."""

    def __init__(self, producer: Producer, timeout: float, on_commit: Callable[[float], None]) -> None:
        self._producer = producer
        self._timeout = timeout
        self._on_commit = on_commit
        self._begun = False

    def produce(self, outputs: Iterable[Output]) -> None:
        """Outputs of the transaction. Raises Aborted or Fenced; the producers are to be discarded then."""
        try:
            self._begin()
            passing("produce.before")
            produce_all(self._producer, outputs, self._timeout)
            passing("produce.after")
        except KafkaException as error:
            raise aborted_by(error) from error

    def commit(
        self,
        late: Callable[[], Iterable[Output]],
        offsets: Sequence[TopicPartition],
        metadata: bytes,
        *,
        tracked: bool,
        on_written: Callable[[], None] | None = None,
    ) -> None:
        """Commits; whoever gets Aborted or Fenced discards the producers: nobody knows what became of it."""
        try:
            self._begin()
            produce_late(self._producer, late, self._timeout, tracked=tracked)
            if on_written is not None:
                self._write()
                on_written()
            passing("send_offsets.before")
            self._producer.send_offsets_to_transaction(list(offsets), metadata, self._timeout)
            passing("send_offsets.after")
            passing("commit.before")
            began = time.monotonic()
            self._producer.commit_transaction(self._timeout)
            self._on_commit(time.monotonic() - began)
            passing("commit.after")
        except KafkaException as error:
            raise aborted_by(error) from error

    def _write(self) -> None:
        if self._producer.flush(self._timeout):
            raise Aborted("timeout", f"records were not acknowledged within {self._timeout:g} s")

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            passing("begin.before")
            self._producer.begin_transaction()
            passing("begin.after")


def all_initialised(properties: Sequence[dict[str, Any]], timeout: float) -> list[Initialised]:
    """New transactional producers, all of them or none. Blocks; raises KafkaException."""
    with ThreadPoolExecutor(len(properties)) as at_once:
        making = [at_once.submit(initialised, one, timeout) for one in properties]
    try:
        return [made.result() for made in making]
    except KafkaException:
        for made in making:
            if made.exception() is None:
                release(made.result().producer)
        raise


def initialised(properties: dict[str, Any], timeout: float) -> Initialised:
    """A new transactional producer. Blocks until what its id had open is ended; raises KafkaException."""
    disturbance = Disturbance()
    producer = Producer({**properties, **NEEDED}, logger=disturbance)
    try:
        producer.init_transactions(timeout)
    except KafkaException:
        producer.close()
        raise
    return Initialised(producer, disturbance)
