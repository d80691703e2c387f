import pytest

from streams.binding import bind
from streams.cli.errors import UserMistake
from streams.cli.partitions import chosen
from streams.settings import LaneSettings, Settings
from streams.stops import StopKey

SETTINGS = Settings(lanes={"echo": LaneSettings(requests=("orders", "returns"), group="scoring")})
BINDING = bind(SETTINGS, "echo")
STOPPED = [
    StopKey("scoring", "orders", 3),
    StopKey("scoring", "returns", 3),
    StopKey("scoring", "orders", 0),
    StopKey("another", "orders", 1),
]


def test_a_partition_is_chosen_by_number_and_topic() -> None:
    assert chosen(BINDING, STOPPED, "0", None) == [StopKey("scoring", "orders", 0)]
    assert chosen(BINDING, STOPPED, "3", "returns") == [StopKey("scoring", "returns", 3)]


def test_all_of_a_lane_leaves_other_groups_alone() -> None:
    assert len(chosen(BINDING, STOPPED, "all", None)) == 3
    assert len(chosen(BINDING, STOPPED, "all", "orders")) == 2


@pytest.mark.parametrize(
    ("partition", "topic", "message"),
    [
        ("3", None, "stopped on several topics, orders, returns: name one with --topic"),
        ("1", None, r"no stopped partition 1; stopped are: orders \[0\]"),
        ("three", None, "write its number, or `all`"),
        ("-1", None, "write its number, or `all`"),
        ("0", "elsewhere", "lane echo reads orders, returns"),
    ],
)
def test_a_mistake_is_told(partition: str, topic: str | None, message: str) -> None:
    with pytest.raises(UserMistake, match=message):
        chosen(BINDING, STOPPED, partition, topic)


def test_nothing_stopped_is_told() -> None:
    with pytest.raises(UserMistake, match="stopped are: none"):
        chosen(BINDING, [], "all", None)
