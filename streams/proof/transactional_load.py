"""A load whose sender writes in transactions and aborts every third: what it took back must never be answered."""

import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message

from streams.client.connection import quiet
from streams.client.reading import TopicReader
from streams.client.spans import Span
from streams.committer import release
from streams.proof.asked import Asked
from streams.proof.load import Load
from streams.proof.site import TRANSACTION_MS, Site
from streams.transaction import SUSPICIOUS_SECONDS, Initialised, initialised

SIZE = 50
ABORTED_EVERY = 2
"""Every second batch is aborted first, and then sent again: each third transaction."""
ANSWER_SECONDS = 60.0


class TransactionalLoad(Load):
    """Sends requests in transactions of `SIZE`; `places` has those of committed ones alone.

    A batch that was aborted is sent again; `aborted` counts its requests. A commit of unknown outcome is looked up in
    the topic, as any sender has to who must neither lose nor repeat.
    """

    def __init__(
        self, site: Site, requests: Iterable[Asked], rate: float | None = None, allowed: float = math.inf
    ) -> None:
        super().__init__(site, requests, rate, allowed)
        self.aborted = 0
        self._batch: list[Asked] = []
        self._batches = 0
        self._transactional: Initialised | None = None

    def _send(self, asked: Asked) -> None:
        self._batch.append(asked)
        if len(self._batch) == SIZE:
            self._flush()

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        self._batches += 1
        if self._batches % ABORTED_EVERY == 0:
            self._take_back(batch)
        while not self._committed(batch):
            pass

    def _take_back(self, batch: Sequence[Asked]) -> None:
        transactional = self._ready()
        try:
            self._write(transactional, batch)
            transactional.producer.abort_transaction(ANSWER_SECONDS)
        except KafkaException:
            self._discard()
        self.aborted += len(batch)

    def _committed(self, batch: Sequence[Asked]) -> bool:
        transactional, places = self._ready(), dict[str, str]()
        began = time.monotonic()
        try:
            places = self._write(transactional, batch)
            began = time.monotonic()
            transactional.producer.commit_transaction(ANSWER_SECONDS)
        except KafkaException:
            self._discard()
            if len(places) < len(batch) or not self._is_there(places[batch[0].request_id]):
                return False
        if time.monotonic() - began > SUSPICIOUS_SECONDS:
            self._discard()
        self.places.update(places)
        return True

    def _write(self, transactional: Initialised, batch: Sequence[Asked]) -> dict[str, str]:
        """Where each request of an open transaction lies. Raises KafkaException when one has not reached the log."""
        producer, places = transactional.producer, dict[str, str]()
        producer.begin_transaction()
        for asked in batch:

            def delivered(error: KafkaError | None, message: Message, request_id: str = asked.request_id) -> None:
                if error is None:
                    places[request_id] = f"{message.topic()}:{message.partition()}:{message.offset()}"

            producer.produce(self._site.requests, self._encoded(asked), asked.key.encode(), on_delivery=delivered)
        # An abort that overtakes the first records is refused: all of them are in the log before either end.
        producer.flush(ANSWER_SECONDS)
        if len(places) < len(batch):
            raise KafkaException(KafkaError(KafkaError._MSG_TIMED_OUT))
        return places

    def _encoded(self, asked: Asked) -> bytes:
        return self._codec.encode({"request_id": asked.request_id, "payload": asked.payload})

    def _ready(self) -> Initialised:
        """A producer none of whose earlier requests can still be under way: as the lanes' own (KAFKA-17754)."""
        if self._transactional is not None:
            self._transactional.producer.poll(0)
            if self._transactional.disturbance.seen:
                self._discard()
        if self._transactional is None:
            self._transactional = initialised(self._properties(), ANSWER_SECONDS)
        return self._transactional

    def _discard(self) -> None:
        if self._transactional is not None:
            release(self._transactional.producer)
            self._transactional = None

    def _is_there(self, place: str) -> bool:
        """Whether a reader with `read_committed` finds a record there, once the transaction is settled. Blocks."""
        self._ready()
        topic, partition, offset = place.rsplit(":", 2)
        span = Span(topic, int(partition), int(offset), int(offset) + 1)
        return any(True for _ in TopicReader(self._site.settings, "load").read([span]))

    def _properties(self) -> dict[str, Any]:
        kafka = self._site.settings.kafka
        defaults = {
            **quiet("load"),
            "transactional.id": f"load-of-{self._site.requests}",
            "transaction.timeout.ms": TRANSACTION_MS,
            "partitioner": "murmur2_random",
            "linger.ms": 2,
        }
        return {**kafka.client(**defaults), **kafka.producer}
