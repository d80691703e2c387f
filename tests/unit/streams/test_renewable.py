"""What is made anew when it fails, and when it is left alone."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.renewable import Renewable

LOCAL = KafkaException(KafkaError(KafkaError._NOENT, "No leaders found"))
BROKERS = KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))


class Scene:
    """Numbers that are made one after another, and a clock that a test sets."""

    def __init__(self) -> None:
        self.moment, self.made = 0.0, 0
        self.renewable = Renewable(self._make, lambda: self.moment)

    def _make(self) -> int:
        self.made += 1
        return self.made


@pytest.mark.parametrize(
    ("error", "age", "now"),
    [(LOCAL, 2.0, 2), (LOCAL, 1.9, 1), (BROKERS, 2.0, 1), (TimeoutError(), 2.0, 1)],
    ids=["its own fault", "too young", "the broker says so", "nobody says so"],
)
def test_only_what_is_old_enough_and_fails_by_itself_is_made_anew(error: Exception, age: float, now: int) -> None:
    scene = Scene()
    scene.moment = age
    scene.renewable.renew_after(error)
    assert scene.renewable.now == now


def test_each_one_is_given_its_time() -> None:
    scene = Scene()
    for scene.moment in (1.0, 2.0, 3.0, 4.0, 4.5):
        scene.renewable.renew()
    assert scene.renewable.now == 3
