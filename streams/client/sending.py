"""Sending many records without waiting for each: a thin shell around one producer."""

from typing import Any

from confluent_kafka import KafkaException, Producer

from streams.client.connection import explain
from streams.client.requests import SentHeaders
from streams.settings import Settings

POLL_EVERY = 500
FLUSH_SECONDS = 60.0


class NotDelivered(Exception):
    """Some records did not reach the cluster; the text counts them and has the first reason."""


class Sender:
    """Sends records to one topic and counts what arrived; its methods block while the producer is full."""

    def __init__(self, settings: Settings, sender: Producer, topic: str) -> None:
        self._settings = settings
        self._producer = sender
        self.topic = topic
        self._failure: str | None = None
        self.sent = 0
        self.delivered = 0

    def send(self, key: bytes, value: bytes, headers: SentHeaders) -> None:
        """Hand over one record. Raises NotDelivered for one that can't be sent at all (too large)."""
        while True:
            try:
                self._producer.produce(self.topic, value, key, headers=headers, on_delivery=self._reported)
                break
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                reason = explain(error, self._settings, f"writing to {self.topic!r}")
                raise NotDelivered(f"{len(value)} bytes were not sent to {self.topic!r}: {reason}") from None
        self.sent += 1
        if self.sent % POLL_EVERY == 0:
            self._producer.poll(0)

    def finish(self) -> None:
        """Wait until all records are acknowledged. Raises NotDelivered if some were not."""
        self._producer.flush(FLUSH_SECONDS)
        if self.delivered < self.sent:
            reason = self._failure or f"no acknowledgement within {FLUSH_SECONDS:g} s"
            raise NotDelivered(
                f"{self.sent - self.delivered} of {self.sent} records did not reach {self.topic!r}: {reason}"
            )

    def _reported(self, error: Any, _message: Any) -> None:
        if error is None:
            self.delivered += 1
        elif self._failure is None:
            self._failure = error.str()
