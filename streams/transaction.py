"""One Kafka transaction at a time, and the rule for when its producer must be made anew.

A commit whose answer was lost may reach the broker late and commit the *next* transaction (KAFKA-17754); librdkafka
retries it silently. So a producer is used again only while nothing it sent can have been sent twice: its commits
returned and were quick, and it lost no connection (`streams.disturbance`). Otherwise, and after every failure, a new
producer with the same transactional id fences the old one; `init_transactions` also settles what the broker holds open.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import structlog
from confluent_kafka import KafkaException, Producer

from streams.bounded import Bounded, Overrun
from streams.committer import Aborted, Work, cause_of, produce_work, raise_if_fenced, release
from streams.disturbance import NEEDED, Disturbance
from streams.failpoints import passing

SUSPICIOUS_SECONDS = 0.5
OFFSETS_SECONDS, OVERRUN_SECONDS = 10.0, 1.0
"""How long offsets may take to join a transaction, which takes milliseconds; and after how much more librdkafka, whose
own time-out does not hold here (its issues 5456 and 5511), is not waited for."""

log = structlog.get_logger(__name__)


class Initialised(NamedTuple):
    """A producer that has fenced whoever had its id, and what tells of its lost connections."""

    producer: Producer
    disturbance: Disturbance


class Transactor:
    """Exactly-once: outputs and offsets in one transaction (KIP-447 group metadata fences zombies).

    Producers take turns, one of `properties` each. A transaction whose producer's last one still has its markers
    written is refused, and librdkafka waits 20 ms before it asks again; the other producer's is not refused. Only one
    transaction is under way at any time.
    """

    def __init__(self, properties: Sequence[dict[str, Any]], timeout: float, on_renewed: Callable[[str], None]) -> None:
        self._properties = properties
        self._timeout = timeout
        self._on_renewed = on_renewed
        self._producers: deque[Initialised] = deque()
        self._bounded = Bounded("offsets")

    def settle(self) -> None:
        """Makes the producers if there are none; 60 ms when the broker is near."""
        if not self._producers:
            try:
                self._producers.extend(all_initialised(self._properties, self._timeout))
            except KafkaException as error:
                raise_if_fenced(error)
                raise

    def commit(self, work: Work) -> None:
        """One transaction. After Aborted the producers are gone: `settle` before anything else."""
        try:
            self.renew_if_disturbed()
            self.settle()
        except KafkaException as error:
            self.discard("abort")
            raise_if_fenced(error)
            raise Aborted(cause_of(error), str(error)) from error
        producer = self._producers[0].producer
        self._producers.rotate(-1)
        try:
            began = self._run(producer, work)
        except KafkaException as error:
            self.discard("abort")
            raise_if_fenced(error)
            raise Aborted(cause_of(error), str(error)) from error
        except Overrun as overrun:
            self.discard("overrun")
            raise Aborted("overrun", str(overrun)) from overrun
        except BaseException:
            self.discard("error")
            raise
        if time.monotonic() - began > SUSPICIOUS_SECONDS:
            self.discard("slow commit")

    def renew_if_disturbed(self) -> None:
        """Drops producers of which one lost a connection, at any time: what it sent may be under way twice.

        Raises KafkaException when one of them is of no use any more.
        """
        if self.is_disturbed():
            self.discard("lost a connection")

    def is_disturbed(self) -> bool:
        """Whether one of the producers was told of a lost connection. Raises as `renew_if_disturbed`."""
        for one in self._producers:
            one.producer.poll(0)
        return any(one.disturbance.seen for one in self._producers)

    def discard(self, why: str) -> None:
        """Drops the producers; the next ones, with the same ids, fence whatever these left on their way."""
        if self._producers:
            log.info("producers made anew", why=why)
            self._on_renewed(why)
            self.close()

    def close(self) -> None:
        """Lets the producers go. An open transaction is aborted by whoever takes the ids next."""
        self._bounded.close()
        while self._producers:
            release(self._producers.pop().producer)

    def _run(self, producer: Producer, work: Work) -> float:
        passing("begin.before")
        producer.begin_transaction()
        passing("begin.after")
        passing("produce.before")
        produce_work(producer, work, self._timeout)
        passing("produce.after")
        passing("send_offsets.before")
        seconds = min(self._timeout, OFFSETS_SECONDS)
        sent = producer.send_offsets_to_transaction
        self._bounded.call(seconds + OVERRUN_SECONDS, sent, work.offsets, work.metadata, seconds)
        passing("send_offsets.after")
        passing("commit.before")
        began = time.monotonic()
        producer.commit_transaction(self._timeout)
        passing("commit.after")
        return began


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
