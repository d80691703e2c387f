"""Ask the local broker whether it is ready."""

import logging
import socket

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.stack.ports import HOST

QUIET = logging.Logger("kafka-probe", level=logging.CRITICAL)


def is_ready(port: int, timeout: float = 2.0) -> bool:
    """Whether it answers clients; False also when nobody listens. Blocks for `timeout` seconds at most."""
    try:
        socket.create_connection((HOST, port), timeout).close()
    except OSError:
        return False
    client = AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0}, logger=QUIET)
    try:
        return bool(client.list_topics(timeout=timeout).brokers)
    except KafkaException:
        return False
