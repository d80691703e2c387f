"""Kafka clients that are exchanged when they fail: after a broker was away librdkafka's may be of no use for ever.

One says "No leaders found" or "Unknown partition" while others of the same process work, and no call mends it.
"""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from confluent_kafka import KafkaException

Made = TypeVar("Made")

RENEW_SECONDS = 2.0
"""How old something must be at least to be made anew: a broker that is away is no client's fault."""


class Renewable(Generic[Made]):
    """What `make` makes, at once and again; `now` is the newest. One thread at a time may renew it."""

    def __init__(self, make: Callable[[], Made], clock: Callable[[], float] = time.monotonic) -> None:
        self._make, self._clock = make, clock
        self.now, self._made_at = make(), clock()

    def renew(self) -> None:
        """Makes it anew, unless it is young. May block: the old one's clients end with their last reference."""
        if self._clock() - self._made_at >= RENEW_SECONDS:
            self._made_at = self._clock()
            self.now = self._make()

    def renew_after(self, error: Exception) -> None:
        """As `renew`, if this error may be the client's own."""
        if is_the_clients_own(error):
            self.renew()


def is_the_clients_own(error: Exception) -> bool:
    """Whether librdkafka says so by itself (its codes are negative), and not the broker."""
    return isinstance(error, KafkaException) and error.args[0].code() < 0
