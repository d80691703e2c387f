"""Ask the local broker whether it is ready."""

import logging
import socket
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.stack import logins
from streams.stack.ports import HOST

QUIET = logging.Logger("kafka-probe", level=logging.CRITICAL)


def is_ready(port: int, secrets: Path | None = None, timeout: float = 2.0) -> bool:
    """Whether it answers clients; False also when nobody listens. Blocks for `timeout` seconds at most.

    With `secrets`, the folder of a secured stack, it logs in as the administrator; False if that is not ours to read.
    """
    try:
        socket.create_connection((HOST, port), timeout).close()
        login = {} if secrets is None else logins.login(secrets, logins.ADMIN, logins.read(secrets)[logins.ADMIN])
    except OSError:
        return False
    client = AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0, **login}, logger=QUIET)
    try:
        return bool(client.list_topics(timeout=timeout).brokers)
    except KafkaException:
        return False
