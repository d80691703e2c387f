"""Why a cluster does not let a client in: librdkafka tells only its callbacks, and every call just times out.

`Trouble` listens to them, and remembers; `WatchedAdmin` is an AdminClient that has one, and `check_login` asks the
cluster once, so that whoever mistyped a password reads so at once.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.client.errors import LoginRefused
from streams.settings import Settings

LOGIN_SECONDS = 6.0
SLICE_SECONDS = 0.5
HANGS_UP = ("Disconnected", "APIVERSION_QUERY")
"""In librdkafka's log when a broker ends a connection at its first words, as one does that wants TLS or a log-in."""
OFTEN = 3
INFO = "6"

CURES = {
    KafkaError._AUTHENTICATION: "check `sasl.username` and `sasl.password` in kafka.properties",
    KafkaError._SSL: "check `ssl.ca.location` in kafka.properties: it names the authority that signs for the brokers",
}
OPEN_CURE = "if it is secured, set `security.protocol` in kafka.properties as the brokers have it, and a log-in"

Heard = Callable[[KafkaError], None]


def unheard(_error: KafkaError) -> None:
    """Tell nobody."""


class Trouble(logging.Handler):
    """What librdkafka said of one client's connections: `note` is its `error_cb`, and the handler gets its log.

    Both are served while the client is polled.
    """

    def __init__(self, servers: str, heard: Heard = unheard) -> None:
        super().__init__()
        self._servers, self._heard = servers, heard
        self._refusal: KafkaError | None = None
        self._hung_up: list[str] = []

    def note(self, error: KafkaError) -> None:
        """Remembers a refusal. A handshake that ended for another reason than the certificate is none."""
        self._heard(error)
        if error.code() == KafkaError._AUTHENTICATION:
            self._refusal = error
        elif error.code() == KafkaError._SSL:
            if "certificate" in error.str():
                self._refusal = error
            else:
                self._hung_up.append(error.str())

    def emit(self, record: logging.LogRecord) -> None:
        """Remembers that a broker hung up."""
        said = record.getMessage()
        if all(part in said for part in HANGS_UP):
            self._hung_up.append(said)

    def refusal(self) -> LoginRefused | None:
        """The error of a log-in that was refused, or None when nothing was said of one."""
        if self._refusal is None:
            return None
        cure = CURES[self._refusal.code()]
        return LoginRefused(f"Kafka at {self._servers} refuses the log-in: {self._refusal.str()}; {cure}")

    def suspicion(self) -> LoginRefused | None:
        """The error of a broker that hung up again and again; it may be on its way up or down as well."""
        if len(self._hung_up) < OFTEN:
            return None
        return LoginRefused(f"Kafka at {self._servers} hangs up whenever it is spoken to: {OPEN_CURE}")


class WatchedAdmin(AdminClient):
    """An AdminClient that can say why it was not let in."""

    def __init__(self, properties: Mapping[str, Any], heard: Heard = unheard) -> None:
        self.trouble = Trouble(str(properties.get("bootstrap.servers", "")), heard)
        lines = logging.Logger("sluicegate-login")
        lines.addHandler(self.trouble)
        watched: dict[str, Any] = {**properties, "log_level": INFO, "error_cb": self.trouble.note}
        super().__init__(watched, logger=lines)

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
    client = WatchedAdmin(settings.kafka.client(**{"client.id": "sluicegate-login"}))
    try:
        client.metadata(LOGIN_SECONDS)
    except KafkaException:
        return
