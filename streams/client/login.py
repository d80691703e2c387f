"""Why a cluster does not let a client in: librdkafka tells only its error callback, and every call just times out.

`Trouble` is that callback, and remembers; `WatchedAdmin` is an AdminClient that has one, and `check_login` asks the
cluster once, so that whoever mistyped a password reads so at once.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.client.errors import LoginRefused
from streams.settings import Settings

LOGIN_SECONDS = 6.0
SLICE_SECONDS = 0.5
CONFUSED = "security.protocol"
"""In what librdkafka says of a broker that hangs up at once: it may want TLS, or a log-in."""

CURES = {
    KafkaError._AUTHENTICATION: "check `sasl.username` and `sasl.password` in kafka.properties",
    KafkaError._SSL: "check `ssl.ca.location` in kafka.properties: it names the authority that signs for the brokers",
}

Heard = Callable[[KafkaError], None]


def unheard(_error: KafkaError) -> None:
    """Tell nobody."""


class Trouble:
    """What librdkafka said of one client's connections; `note` is its `error_cb`, served while the client is polled."""

    def __init__(self, servers: str, heard: Heard = unheard) -> None:
        self._servers, self._heard = servers, heard
        self._refusal: KafkaError | None = None
        self._confusion: KafkaError | None = None

    def note(self, error: KafkaError) -> None:
        """Remembers what says why nobody lets us in."""
        self._heard(error)
        if error.code() in CURES:
            self._refusal = error
        elif CONFUSED in error.str():
            self._confusion = error

    def refusal(self) -> LoginRefused | None:
        """The error of a log-in that was refused, or None when nothing was said of one."""
        if self._refusal is not None:
            cure = CURES[self._refusal.code()]
            return LoginRefused(f"Kafka at {self._servers} refuses the log-in: {self._refusal.str()}; {cure}")
        if self._confusion is not None:
            cure = "set `security.protocol` in kafka.properties as the brokers have it"
            return LoginRefused(f"Kafka at {self._servers} hangs up: {self._confusion.str()}; {cure}")
        return None


class WatchedAdmin(AdminClient):
    """An AdminClient that can say why it was not let in."""

    def __init__(self, properties: Mapping[str, Any], heard: Heard = unheard) -> None:
        self.trouble = Trouble(str(properties.get("bootstrap.servers", "")), heard)
        super().__init__({**properties, "error_cb": self.trouble.note})

    def metadata(self, seconds: float) -> Any:
        """The cluster's topics and brokers, as `list_topics` has them; blocks up to so many seconds.

        Raises LoginRefused as soon as the cluster has said so, KafkaException when nobody answers.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            try:
                return self.list_topics(timeout=max(0.05, min(SLICE_SECONDS, left)))
            except KafkaException:
                self.poll(0)
                refusal = self.trouble.refusal()
                if refusal is not None:
                    raise refusal from None
                if left <= SLICE_SECONDS:
                    raise


def check_login(settings: Settings) -> None:
    """Raises LoginRefused when the cluster refuses the log-in; says nothing of one that is away. Blocks."""
    client = WatchedAdmin(settings.kafka.client(**{"client.id": "sluicegate-login", "log_level": 0}))
    try:
        client.metadata(LOGIN_SECONDS)
    except KafkaException:
        return
