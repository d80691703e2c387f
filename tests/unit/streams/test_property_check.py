"""Properties that librdkafka refuses end a worker with one line; they are not tried again and again."""

from typing import Any

import pytest

from schemas.errors import Misconfigured
from streams.binding import bind
from streams.property_check import check_properties
from streams.settings import Settings

NOWHERE = {"bootstrap_servers": "127.0.0.1:1"}


def check(kafka: dict[str, Any], lane: dict[str, Any] | None = None) -> None:
    settings = Settings.model_validate({"kafka": {**NOWHERE, **kafka}, "lanes": {"echo": lane or {}}})
    check_properties(settings, bind(settings, "echo"), 0)


def test_good_properties_pass_without_a_cluster() -> None:
    check({"consumer": {"fetch.min.bytes": "1"}, "producer": {"compression.type": "lz4"}})


@pytest.mark.parametrize(
    ("kafka", "lane", "named"),
    [
        ({"consumer": {"nope": "1"}}, {}, "nope"),
        ({"producer": {"nope": "1"}}, {}, "nope"),
        ({"properties": {"security.protocol": "SASL"}}, {}, "security.protocol"),
        ({}, {"consumer": {"fetch.min.bytes": "few"}}, "fetch.min.bytes"),
        ({}, {"producer": {"retry.backoff.ms": "soon"}}, "retry.backoff.ms"),
    ],
)
def test_a_property_that_librdkafka_refuses_is_named_with_the_cure(
    kafka: dict[str, Any], lane: dict[str, Any], named: str
) -> None:
    with pytest.raises(Misconfigured, match=f"{named}.*mend it in kafka.properties"):
        check(kafka, lane)
