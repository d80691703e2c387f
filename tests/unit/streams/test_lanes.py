"""The catalogue of lanes."""

import subprocess
import sys

import pytest

from processors.catalogue import discover
from schemas.errors import Misconfigured
from streams import lanes
from streams.settings import Settings


def test_every_processor_is_a_lane() -> None:
    assert set(discover()) <= set(lanes.catalogue())
    assert list(lanes.catalogue())[: len(discover())] == list(discover())


@pytest.mark.parametrize("name", list(lanes.catalogue()))
def test_every_lane_is_defined_under_its_name_with_its_request_record(name: str) -> None:
    kind = lanes.find(name)
    definition = kind.define(Settings())
    assert (definition.name, definition.request) == (name, kind.request)


@pytest.mark.parametrize("name", list(lanes.catalogue()))
def test_a_lane_is_keyed_by_a_field_of_its_request(name: str) -> None:
    kind = lanes.find(name)
    assert kind.key_field is None or kind.key_field in kind.request.model_fields


def test_all_lanes_are_defined_unless_some_are_named() -> None:
    assert [one.name for one in lanes.definitions(Settings())] == list(lanes.catalogue())
    assert [one.name for one in lanes.definitions(Settings(), ["echo"])] == ["echo"]


def test_an_unknown_lane_is_told_with_those_that_exist() -> None:
    with pytest.raises(Misconfigured, match=r"no lane 'ehco'; there are: digits, echo, embed"):
        lanes.definitions(Settings(), ["ehco"])


def test_listing_the_lanes_loads_nothing_that_they_run() -> None:
    script = (
        "import sys\n"
        "from streams.lanes import catalogue\n"
        "catalogue()\n"
        "print([name for name in ('torch', 'faust', 'sqlalchemy', 'confluent_kafka') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
