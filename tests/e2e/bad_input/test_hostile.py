"""Bombs, oversize records, and schemas made to hurt: refused by the broker or buried; the worker stays as it was."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from confluent_kafka import KafkaError, Producer

from schemas.codec import frame
from schemas.confluent_source import ConfluentSource
from streams.stack.testing import StackForTests
from tests.e2e.bad_input.served_lane import JSON, Bad, ServedLane

MEBIBYTE = 1 << 20
GROWTH = 64 * MEBIBYTE
"""More than what reading some megabytes takes, far less than what the hostile ones of these inputs claim."""
BOMB = 64 * MEBIBYTE


def long_of(number: int) -> bytes:
    """Avro's form of a long."""
    number, form = (number << 1) ^ (number >> 63), bytearray()
    while number > 127:
        form.append(number & 127 | 128)
        number >>= 7
    return bytes([*form, number])


def writer(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A schema that pretends to be an older or newer form of EchoRequest."""
    own = [{"name": "request_id", "type": "string"}, {"name": "payload", "type": "bytes"}]
    return {"type": "record", "name": "EchoRequest", "namespace": "sluicegate.echo", "fields": [*own, *fields], **more}


def field(**definition: Any) -> dict[str, Any]:
    """A field that our schema does not have."""
    return {"name": "extra", "type": definition}


NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
DEEP: Any = "int"
for _ in range(40):
    DEEP = {"type": "array", "items": DEEP}
BEGIN = long_of(2) + b"id" + long_of(0)
HUGE = long_of(1 << 60)


class Case(NamedTuple):
    """A schema that a client registers, the body of a record that names it, and what the reason says."""

    schema: dict[str, Any]
    body: bytes
    reason: str


CASES = {
    "recursive": Case(writer(field(**NODE)), BEGIN + b"\x02" * 20_000 + b"\x00", "recursive"),
    "array of nulls": Case(writer(field(type="array", items="null")), BEGIN + HUGE + b"\x00", "takes no bytes"),
    "array of empty records": Case(
        writer(field(type="array", items={"type": "record", "name": "Empty", "fields": []})),
        BEGIN + HUGE + b"\x00",
        "takes no bytes",
    ),
    "array of nothing fixed": Case(
        writer(field(type="array", items={"type": "fixed", "name": "Zero", "size": 0})),
        BEGIN + HUGE + b"\x00",
        "takes no bytes",
    ),
    "array of more items than bytes": Case(writer(field(type="array", items="long")), BEGIN + HUGE, "too early"),
    "array whose blocks say their size": Case(
        writer(field(type="array", items="long")), BEGIN + long_of(-(1 << 60)) + HUGE, "EchoRequest"
    ),
    "map of more entries than bytes": Case(writer(field(type="map", values="long")), BEGIN + HUGE, "too early"),
    "text longer than its record": Case(writer(), long_of(1 << 40) + b"id", "EchoRequest"),
    "bytes longer than its record": Case(writer(), long_of(2) + b"id" + long_of(1 << 40), "EchoRequest"),
    "a large fixed": Case(writer(field(type="fixed", name="Vast", size=1 << 30)), BEGIN, "not safe"),
    "deep nesting": Case(writer(field(type="array", items=DEEP)), BEGIN + b"\x00", ""),
    "another record": Case(
        {"type": "record", "name": "Other", "fields": [{"name": "a", "type": "int"}]}, b"\x02", "Other"
    ),
    "another type": Case(
        writer() | {"fields": [{"name": "request_id", "type": "int"}, {"name": "payload", "type": "bytes"}]},
        b"\x02\x00",
        "EchoRequest",
    ),
}


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An echo lane with the sizes of the defaults."""
    with ServedLane(stack, tmp_path_factory.mktemp("hostile")) as served:
        yield served


class Sent(NamedTuple):
    """A hostile record, where it went, and where the good request after it went."""

    value: bytes
    place: str
    good: str


@pytest.fixture(scope="module")
def sent(lane: ServedLane) -> dict[str, Sent]:
    """All cases that the registry took, each with a good request behind it."""
    source = ConfluentSource(lane.settings.registry.url, {})
    values = {}
    for name, case in CASES.items():
        schema_id = source.register(f"{lane.binding().group}-{name.replace(' ', '-')}", json.dumps(case.schema))
        values[name] = frame(schema_id) + case.body
    records = [one for name, value in values.items() for one in (Bad(value), Bad(lane.request(f"after {name}")))]
    places = lane.send(records)
    return {name: Sent(value, *places[2 * at : 2 * at + 2]) for at, (name, value) in enumerate(values.items())}


@pytest.mark.parametrize("name", CASES)
def test_a_schema_made_to_hurt_is_buried_and_the_partition_goes_on(
    lane: ServedLane, sent: dict[str, Sent], name: str
) -> None:
    letter, info = lane.letter(sent[name].place)
    assert letter.value == sent[name].value
    assert CASES[name].reason in info.reason
    assert lane.answer(sent[name].good).says["status"] == "COMPLETED"


def refusal(lane: ServedLane, value: bytes, **properties: Any) -> KafkaError | None:
    """What the broker says to this record."""
    found: list[KafkaError | None] = []
    limits = {"message.max.bytes": 2 * BOMB, "compression.type": "none"}
    producer = Producer({"bootstrap.servers": lane.stack.bootstrap, **limits, **properties})
    producer.produce(lane.binding().requests[0], value, on_delivery=lambda error, message: found.append(error))
    assert producer.flush(30) == 0
    return found[0]


@pytest.mark.parametrize("compression", ["gzip", "lz4", "zstd", "snappy"])
def test_a_compression_bomb_is_refused_by_the_broker(lane: ServedLane, compression: str) -> None:
    """Packed it is far below the topic's limit; the broker unpacks it and holds that against the limit."""
    error = refusal(lane, lane.request("bomb", bytes(BOMB // 4)), **{"compression.type": compression})
    assert error is not None
    assert error.code() in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD)
    good = refusal(lane, lane.request(f"good {compression}", bytes(1_000)), **{"compression.type": compression})
    assert good is None


def test_an_oversize_record_is_refused_by_the_broker_and_the_largest_is_answered(lane: ServedLane) -> None:
    limit = lane.settings.topics.max_message_bytes
    error = refusal(lane, lane.request("oversize", bytes(limit)))
    assert error is not None
    assert error.code() == KafkaError.MSG_SIZE_TOO_LARGE
    largest = lane.answer(lane.ask("largest", bytes(limit - 1_000)))
    assert largest.says["payload"] == bytes(limit - 1_000)


def test_memory_stays_bounded(lane: ServedLane, sent: dict[str, Sent]) -> None:
    """The hostile records again, many times and with megabytes of JSON that nests or repeats."""
    lane.answer(lane.ask("before"))
    before = lane.memory()
    values = [
        *(one.value for one in sent.values()),
        b"[" * 900_000,
        b'{"request_id": "x", "payload": "%s"}' % (b"A" * 900_000),
    ]
    records = [Bad(value, b"key", [JSON] if value[:1] in b"[{" else []) for value in values] * 5
    places = lane.send(records)
    lane.answer(lane.ask("after"))
    assert len(places) == len(records)
    assert lane.memory() - before < GROWTH
    assert lane.worker.is_running()
    assert "lane failed" not in lane.said()
