"""The two kinds of clients: one that sends records, and one that sends transactions, of which every third aborts."""

import time
from typing import Any

from confluent_kafka import KafkaException, Producer

from streams.committer import release
from streams.proof.history.operations import Fate, Send
from streams.proof.history.sender import Report, Sender, await_reports, fate_of, properties, sent_of
from streams.transaction import SUSPICIOUS_SECONDS, Initialised, initialised

ANSWER_SECONDS, COMMIT_SECONDS = 10.0, 20.0
EVERY = 3
"""Of so many transactions one is not committed."""
VANISHING = 0.2
"""So large a part of those is left open, as by a client that dies; its successor ends it."""
MOST = 4


class RecordSender(Sender):
    """Sends one record after the other, each once."""

    _producer: Producer | None = None

    def operate(self) -> None:
        """Sends one record, and waits for its report."""
        if self._producer is None:
            self._producer = Producer(properties(self.settings, self.name))
        value, began, reports = self.value(), time.monotonic(), list[Report]()
        try:
            reports.append(self.produce(self._producer, value))
            await_reports(self._producer, reports)
            fate = fate_of(reports[0].error)
        except (BufferError, KafkaException):
            # It was not even queued.
            fate = Fate.FAIL
        self.recorder.send(Send(self.name, began, time.monotonic(), fate, sent_of([value], reports)))
        if fate is not Fate.OK:
            self.close()

    def close(self) -> None:
        """Lets the producer go."""
        self._producer = None


class TransactionSender(Sender):
    """Sends transactions of a few records; it follows the rules of a good client, which the lane's committer does too.

    A producer that lost a connection, or whose commit was slow, is made anew before its next transaction.
    """

    _producer: Initialised | None = None
    _begun = 0

    def operate(self) -> None:
        """One transaction."""
        producer = self._ready()
        if producer is None:
            return
        self._begun += 1
        values = [self.value() for _ in range(self.random.randint(1, MOST))]
        began, committing, reports, fate = time.monotonic(), None, list[Report](), Fate.FAIL
        try:
            producer.begin_transaction()
            reports += [self.produce(producer, value) for value in values]
            await_reports(producer, reports)
            if self._begun % EVERY:
                committing = time.monotonic()
                fate = self._commit(producer)
            else:
                self._give_up(producer)
        except (BufferError, KafkaException):
            # Its commit was never asked for, and the next producer aborts it.
            self._drop()
        self.recorder.send(Send(self.name, began, time.monotonic(), fate, sent_of(values, reports), True, committing))

    def close(self) -> None:
        """Lets the producer go; an open transaction is ended first, or readers would wait for it."""
        deadline = time.monotonic() + COMMIT_SECONDS
        while self._ready() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        self._drop()

    def _ready(self) -> Any:
        """The producer, or None while there can't be one: then no transaction begins."""
        if self._producer is not None:
            self._producer.producer.poll(0)
            if self._producer.disturbance.seen:
                self._drop()
        if self._producer is None:
            identity = {"transactional.id": f"{self.topic}-{self.name}", "transaction.timeout.ms": 10_000}
            identity["delivery.timeout.ms"] = 10_000
            try:
                self._producer = initialised(properties(self.settings, self.name, **identity), ANSWER_SECONDS)
            except KafkaException:
                now = time.monotonic()
                self.recorder.send(Send(self.name, now, now, Fate.FAIL, (), True))
                return None
        return self._producer.producer

    def _commit(self, producer: Any) -> Fate:
        began = time.monotonic()
        while True:
            try:
                producer.commit_transaction(ANSWER_SECONDS)
            except KafkaException as error:
                if error.args[0].retriable() and time.monotonic() - began < COMMIT_SECONDS:
                    continue
                return self._refused(producer, error)
            if time.monotonic() - began > SUSPICIOUS_SECONDS:
                self._drop()
            return Fate.OK

    def _refused(self, producer: Any, error: KafkaException) -> Fate:
        """A commit failed: for certain only if an abort then succeeds."""
        fate = Fate.INFO
        if error.args[0].txn_requires_abort():
            try:
                producer.abort_transaction(ANSWER_SECONDS)
                fate = Fate.FAIL
            except KafkaException:
                fate = Fate.INFO
        self._drop()
        return fate

    def _give_up(self, producer: Any) -> None:
        """Aborts, or leaves the transaction open as a client that dies; either way it is never committed."""
        if self.random.random() < VANISHING:
            self._drop()
        else:
            producer.abort_transaction(ANSWER_SECONDS)

    def _drop(self) -> None:
        if self._producer is not None:
            release(self._producer.producer)
            self._producer = None
