import json

from streams.demo.workers import shared_cores
from streams.settings import DeviceChoice, LaneSettings, Settings


def test_two_workers_share_the_cores() -> None:
    assert json.loads(shared_cores(Settings(), 8)["SLUICEGATE_LANES__EMBED__DEVICES"]) == [{"threads": 4}]
    assert json.loads(shared_cores(Settings(), 1)["SLUICEGATE_LANES__DIGITS__DEVICES"]) == [{"threads": 1}]


def test_devices_that_a_person_chose_are_left() -> None:
    settings = Settings(lanes={"embed": LaneSettings(devices=(DeviceChoice(device="cuda:0"),))})
    assert list(shared_cores(settings, 8)) == ["SLUICEGATE_LANES__DIGITS__DEVICES"]
