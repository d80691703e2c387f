import pytest

from streams.demo.stack import check_local
from streams.mistake import UserMistake
from streams.settings import KafkaSettings, Settings


def test_the_demo_refuses_another_cluster() -> None:
    with pytest.raises(UserMistake, match=r"kafka\.example:9092.*localhost:9092"):
        check_local(Settings(kafka=KafkaSettings(bootstrap_servers="kafka.example:9092")))


def test_the_local_stack_is_local_by_either_name() -> None:
    for host in ("localhost", "127.0.0.1"):
        check_local(Settings(kafka=KafkaSettings(bootstrap_servers=f"{host}:9092")))
