"""Why a cluster lets nobody in: said once, with what to do, where librdkafka's calls only take their time."""

import logging
import time
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import Misconfigured
from streams.client import LoginRefused, NotAllowed
from streams.client.login import Trouble, WatchedAdmin
from streams.login_check import LoginCheck
from streams.settings import Settings

HANGS_UP = "FAIL [thrd]: b:9092: Disconnected: connection closed by peer (after 4ms in state APIVERSION_QUERY)"


@pytest.mark.parametrize(
    ("code", "said", "cure"),
    [
        (KafkaError._AUTHENTICATION, "invalid credentials", "sasl.password"),
        (KafkaError._SSL, "certificate verify failed", "ssl.ca.location"),
    ],
)
def test_a_refusal_says_where_why_and_what_to_do(code: int, said: str, cure: str) -> None:
    trouble = Trouble("broker:9092")
    trouble.note(KafkaError(code, said))
    trouble.note(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    text = str(trouble.refusal())
    assert "broker:9092" in text
    assert said in text
    assert cure in text


def test_a_cluster_that_is_away_refuses_nobody() -> None:
    trouble = Trouble("broker:9092")
    trouble.note(KafkaError(KafkaError._TRANSPORT, "Connection refused"))
    assert trouble.refusal() is None


def test_a_handshake_that_a_dying_broker_ended_refuses_nobody() -> None:
    trouble = Trouble("broker:9092")
    trouble.note(KafkaError(KafkaError._SSL, "SSL handshake failed: Disconnected"))
    assert trouble.refusal() is None


def test_a_broker_that_hangs_up_again_and_again_may_want_a_log_in() -> None:
    trouble, lines = Trouble("broker:9092"), logging.Logger("librdkafka")
    lines.addHandler(trouble)
    lines.info("FAIL [thrd]: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)")
    lines.info(HANGS_UP)
    assert trouble.suspicion() is None
    for _ in range(3):
        lines.info(HANGS_UP)
    assert "set `security.protocol`" in str(trouble.suspicion())
    assert trouble.refusal() is None


def test_a_refusal_is_both_a_clients_error_and_a_wrong_setting() -> None:
    assert issubclass(LoginRefused, NotAllowed)
    assert issubclass(LoginRefused, Misconfigured)


class Refusing(WatchedAdmin):
    """Never answers; its callback hears of a wrong password when it is polled."""

    def list_topics(self, *_: Any, **__: Any) -> Any:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT, "timed out"))

    def poll(self, *_: Any, **__: Any) -> int:
        self.trouble.note(KafkaError(KafkaError._AUTHENTICATION, "invalid credentials"))
        return 1


def test_whoever_is_refused_waits_no_longer() -> None:
    began = time.monotonic()
    with pytest.raises(LoginRefused, match="invalid credentials"):
        Refusing({"bootstrap.servers": "127.0.0.1:1", "log_level": 0}).metadata(30)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("answers", "expected"), [([True, True], ["no"]), ([True, False], []), ([False], [])])
def test_a_worker_hears_of_a_refusal_that_stays(answers: list[bool], expected: list[str]) -> None:
    def ask(_settings: Settings) -> None:
        if answers.pop(0):
            raise LoginRefused("no")

    heard: list[str] = []
    check = LoginCheck(cast(Settings, None), heard.append, ask)
    check.start()
    check.join(5)
    assert heard == expected
    assert not answers
    assert check.daemon  # a cluster that is away holds up no worker that ends
