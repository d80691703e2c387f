"""The load of a proof: a thread that sends known requests at a steady rate, and knows where each of them lies."""

import math
import threading
import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, Message

from streams.client.connection import producer
from streams.proof.asked import Asked
from streams.proof.site import Site

TICK_SECONDS = 0.02
PATIENT = {"queue.buffering.max.messages": 1_000_000, "delivery.timeout.ms": 300_000}
"""A sender who keeps what it has to send for as long as any fault lasts."""


class Load(threading.Thread):
    """Sends the requests, at most `allowed` of them; `places` says where each request_id lies."""

    def __init__(
        self, site: Site, requests: Iterable[Asked], rate: float | None = None, allowed: float = math.inf
    ) -> None:
        super().__init__(name="load", daemon=True)
        self._site, self._requests, self._rate = site, requests, rate
        self.allowed = allowed
        self._producer = producer(site.settings, "load", **PATIENT)
        self._codec = site.codec("request")
        self._problem: BaseException | None = None
        self._stopping = threading.Event()
        self.sent = self.confirmed = 0
        self.places: dict[str, str] = {}

    def run(self) -> None:
        """Sends until all are sent or it is told to stop."""
        try:
            began = time.monotonic()
            for asked in self._requests:
                while self._early(time.monotonic() - began):
                    self._producer.poll(0)
                    if self._stopping.wait(TICK_SECONDS):
                        return
                if self._stopping.is_set():
                    return
                self._send(asked)
                self.sent += 1
            self._flush()
        except BaseException as error:
            self._problem = error

    def finish(self, timeout: float = 120.0) -> None:
        """Blocks until every request is in the log. Raises what kept one out of it."""
        self.join(timeout)
        self.check()
        if self.is_alive():
            raise TimeoutError(f"the load was not sent within {timeout:g} s: {self.sent} requests were")

    def check(self) -> None:
        """Raises what kept a request out of the log, if something did."""
        if self._problem is not None:
            raise self._problem

    def stop(self) -> None:
        """Sends no more."""
        self._stopping.set()
        self.join(10)

    def cease(self) -> None:
        """Sends no more; blocks until what was sent is in the log. Raises what kept a request out of it."""
        self.stop()
        self.finish()
        self._flush()

    def headers(self) -> list[tuple[str, bytes]]:
        """What the next request says beside its payload."""
        return []

    def _early(self, seconds: float) -> bool:
        return self.sent >= self.allowed or (self._rate is not None and self.sent > seconds * self._rate)

    def _send(self, asked: Asked) -> None:
        value = self._codec.encode({"request_id": asked.request_id, "payload": asked.payload})

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                self.confirmed += 1
                self._keep(asked, message)

        where: Any = {"headers": self.headers(), "on_delivery": delivered}
        self._producer.produce(self._site.requests, value, asked.key.encode(), **where)
        if self.sent % 256 == 0:
            self._producer.poll(0)

    def _flush(self) -> None:
        left = self._producer.flush(60)
        if left or self.confirmed != self.sent:
            raise TimeoutError(f"{self.sent - self.confirmed} of {self.sent} requests did not reach the log")

    def _keep(self, asked: Asked, message: Message) -> None:
        self.places[asked.request_id] = f"{message.topic()}:{message.partition()}:{message.offset()}"
