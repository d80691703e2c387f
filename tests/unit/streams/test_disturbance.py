"""Which lines of librdkafka's log tell of a lost connection."""

import logging

import pytest

from streams.disturbance import Disturbance

LOST = "[thrd:TxnCoordinator]: TxnCoordinator: 127.0.0.1:9092: Disconnected: closed by peer (after 12ms in state UP)"
REFUSED = "[thrd:b:9092/1]: b:9092/1: Connect to ipv4#127.0.0.1:9092 failed: refused (after 0ms in state CONNECT)"


@pytest.mark.parametrize(
    ("facility", "text", "seen"),
    [("FAIL", LOST, True), ("FAIL", REFUSED, False), ("GETPID", "Failed to acquire transactional PID", False)],
)
def test_a_connection_in_use_that_is_lost_is_seen(facility: str, text: str, seen: bool) -> None:
    disturbance = Disturbance()
    disturbance.log(logging.INFO, "%s [%s] %s", facility, "producer", text)
    assert disturbance.seen is seen


def test_it_is_not_forgotten() -> None:
    disturbance = Disturbance()
    disturbance.log(logging.INFO, "%s [%s] %s", "FAIL", "producer", LOST)
    disturbance.log(logging.ERROR, "%s [%s] %s", "FAIL", "producer", REFUSED)
    assert disturbance.seen
