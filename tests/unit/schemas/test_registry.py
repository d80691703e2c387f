"""Verdicts about schema ids: kept, asked for again after a while, and never made while the registry is down."""

import json
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.errors import RegistryUnavailable, SchemaPending, Unreadable
from schemas.registry import FOUND_SECONDS, MAX_REFUSED, MAX_TEXT, Stored
from schemas.testing import MemoryRegistry

ECHO = avsc.load("echo", "request")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(clock: Clock) -> MemoryRegistry:
    return MemoryRegistry(retry_seconds=30, clock=clock)


def test_a_fetched_schema_is_never_asked_for_again(registry: MemoryRegistry, clock: Clock) -> None:
    registry.source.ids[5] = Stored(ECHO.text)
    registry.fetch(5)
    clock.now += 1e9
    registry.source.down = True
    assert registry.cached(5) == ECHO


def test_an_id_that_was_found_is_asked_for_again_only_after_a_moment(registry: MemoryRegistry, clock: Clock) -> None:
    schema_id = registry.register("requests", ECHO)
    assert registry.find_id("requests", ECHO) == schema_id
    del registry.source.subjects["requests"]
    clock.now += FOUND_SECONDS - 0.1
    assert registry.find_id("requests", ECHO) == schema_id
    clock.now += 0.1
    assert registry.find_id("requests", ECHO) is None


def test_an_id_that_was_not_found_is_asked_for_each_time(registry: MemoryRegistry) -> None:
    assert registry.find_id("requests", ECHO) is None
    schema_id = registry.register("requests", ECHO)
    assert registry.find_id("requests", ECHO) == schema_id


def test_a_definite_no_holds_for_a_while_and_is_then_asked_again(registry: MemoryRegistry, clock: Clock) -> None:
    registry.fetch(5)
    clock.now += 29.9
    asked = registry.source.asked
    with pytest.raises(Unreadable, match="schema id 5 is not in the registry"):
        registry.cached(5)
    assert registry.source.asked == asked
    clock.now += 0.1
    with pytest.raises(SchemaPending):
        registry.cached(5)
    registry.source.ids[5] = Stored(ECHO.text)
    registry.fetch(5)
    assert registry.cached(5) == ECHO


def test_while_the_registry_is_down_no_id_becomes_unreadable(registry: MemoryRegistry) -> None:
    registry.source.down = True
    with pytest.raises(RegistryUnavailable):
        registry.fetch(5)
    with pytest.raises(SchemaPending):
        registry.cached(5)


def test_an_outage_while_a_no_expires_leaves_the_id_pending(registry: MemoryRegistry, clock: Clock) -> None:
    registry.fetch(5)
    clock.now += 31
    registry.source.down = True
    with pytest.raises(RegistryUnavailable):
        registry.fetch(5)
    with pytest.raises(SchemaPending):
        registry.cached(5)


def test_a_registry_that_was_away_may_still_be_loading_and_settles_nothing(
    registry: MemoryRegistry, clock: Clock
) -> None:
    registry.register("s", ECHO)
    registry.source.down = True
    with pytest.raises(RegistryUnavailable):
        registry.fetch(5)
    registry.source.down = False
    clock.now += 9.9
    with pytest.raises(RegistryUnavailable, match=r"has no schema id 5, and was away less than 10 s ago"):
        registry.fetch(5)
    with pytest.raises(SchemaPending):
        registry.cached(5)
    clock.now += 0.1
    registry.fetch(5)
    with pytest.raises(Unreadable, match="schema id 5 is not in the registry"):
        registry.cached(5)


def test_a_registry_that_lost_its_data_settles_nothing(registry: MemoryRegistry, clock: Clock) -> None:
    registry.register("s", ECHO)
    registry.source.ids.clear()
    with pytest.raises(RegistryUnavailable, match="has forgotten 1"):
        registry.fetch(5)
    with pytest.raises(SchemaPending):
        registry.cached(5)


def test_the_witness_is_asked_at_most_once_a_second(registry: MemoryRegistry, clock: Clock) -> None:
    registry.register("s", ECHO)
    asked = registry.source.asked
    for schema_id in range(100, 200):
        registry.fetch(schema_id)
    assert registry.source.asked == asked + 101
    clock.now += 1.0
    registry.fetch(200)
    assert registry.source.asked == asked + 103


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (Stored('syntax = "proto3";', "PROTOBUF"), "is PROTOBUF, and only Avro"),
        (Stored(ECHO.text, references=True), "refers to other subjects"),
        (Stored('{"type": "array", "items": "null"}'), "not safe to read with: an array of null"),
        (Stored("{nonsense"), "not safe to read with: the schema is no JSON"),
        (Stored('{"type": "array", "items": "null"}', "avro"), "not safe"),
    ],
)
def test_schemas_that_cannot_be_used_are_unreadable(registry: MemoryRegistry, stored: Stored, reason: str) -> None:
    registry.source.ids[5] = stored
    registry.fetch(5)
    with pytest.raises(Unreadable, match=reason):
        registry.cached(5)


def test_what_is_remembered_is_bounded(registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.registry.MAX_REFUSED", 3)
    monkeypatch.setattr("schemas.registry.MAX_SCHEMAS", 3)
    for schema_id in range(10, 20):
        registry.fetch(schema_id)
        registry.source.ids[schema_id + 100] = Stored(ECHO.text)
        registry.fetch(schema_id + 100)
    assert sorted(registry._refused) == [17, 18, 19]
    assert sorted(registry._schemas) == [117, 118, 119]
    with pytest.raises(SchemaPending):
        registry.cached(110)


def test_schemas_are_bounded_in_text_too(registry: MemoryRegistry) -> None:
    """A thousand schemas as large as they may be would take gigabytes, parsed."""
    vast = {"name": "v", "type": {"type": "array", "items": "int"}, "default": [0] * 60_000}
    text = json.dumps({"type": "record", "name": "R", "fields": [vast]})
    for schema_id in range(100):
        registry.source.ids[schema_id] = Stored(text)
        registry.fetch(schema_id)
    assert sum(len(schema.text) for schema in registry._schemas.values()) == registry._text <= MAX_TEXT
    assert len(registry._schemas) > 10
    assert registry.cached(99).name == "R"
    with pytest.raises(SchemaPending):
        registry.cached(0)


def test_a_storm_of_unknown_ids_asks_for_each_once_and_is_forgotten(registry: MemoryRegistry, clock: Clock) -> None:
    registry.register("s", ECHO)
    before = registry.source.asked
    ids = Random(7).sample(range(2, 1 << 31), 10_000)
    for schema_id in ids:
        with pytest.raises(SchemaPending):
            registry.cached(schema_id)
        registry.fetch(schema_id)
    asked = registry.source.asked - before
    assert asked <= len(ids) + 1, "and once whether it still knows what it gave"
    for schema_id in ids[-9_000:]:
        with pytest.raises(Unreadable):
            registry.cached(schema_id)
    assert registry.source.asked - before == asked
    assert len(registry._refused) <= MAX_REFUSED


def test_lanes_may_ask_one_registry_at_once(registry: MemoryRegistry) -> None:
    def ask(first: int) -> None:
        for schema_id in range(first, first + 15_000):
            registry.fetch(schema_id)

    with ThreadPoolExecutor(3) as lanes:
        list(lanes.map(ask, (0, 100_000, 200_000)))
    assert len(registry._refused) <= MAX_REFUSED


def test_versions_are_equal_whatever_the_layout_of_their_json(registry: MemoryRegistry) -> None:
    registry.register("s", AvroSchema.read(json.dumps(ECHO.definition, indent=2)))
    assert registry.versions("s") == [ECHO]
