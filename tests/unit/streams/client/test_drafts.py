"""Requests made ready to send."""

import json
from typing import Any
from uuid import UUID

import pytest

from processors.echo.declaration import EchoRequest
from schemas.avsc import load
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.testing import MemorySource
from streams.client.drafts import Drafter, WrongRecord, as_json
from streams.client.shaping import Shaper

SHAPER = Shaper(load("echo", "request"))


def drafter(key_field: str | None = None) -> Drafter:
    return Drafter(SHAPER, EchoRequest, as_json, key_field)


def test_the_key_is_the_request_id_unless_a_field_is_named() -> None:
    value = {"request_id": "r", "payload": "aGk="}
    assert drafter().draft(value).key == b"r"
    assert drafter("payload").draft(value).key == b"hi"


def test_a_record_without_an_id_gets_one_of_its_own() -> None:
    first, second = (drafter().draft({"payload": "aGk="}) for _ in range(2))
    assert UUID(first.request_id) != UUID(second.request_id)
    assert json.loads(first.value)["request_id"] == first.request_id


def test_json_has_bytes_as_base64() -> None:
    assert json.loads(drafter().draft({"request_id": "r", "payload": "aGk="}).value)["payload"] == "aGk="


def test_avro_can_be_read_by_the_worker() -> None:
    registry = Registry("", source=MemorySource())
    schema = load("echo", "request")
    registry.register("subject", schema)
    codec = Codec(schema, "subject", registry)
    codec.bind()
    draft = Drafter(SHAPER, EchoRequest, codec.encode).draft({"request_id": "r", "payload": "aGk="})
    assert codec.decode(draft.value) == {"request_id": "r", "payload": b"hi"}


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"request_id": "r"}, "payload"),
        ({"request_id": "r", "payload": 5}, "payload"),
        ({"request_id": "r", "payload": "%%"}, "payload"),
        ({"request_id": "x" * 257, "payload": "aGk="}, "request_id"),
        ({"request_id": 5, "payload": "aGk="}, "request_id"),
        ({"request_id": "r", "payload": "aGk=", "extra": 1}, "extra"),
    ],
)
def test_a_record_that_the_processor_would_refuse_is_named_by_its_field(value: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongRecord) as caught:
        drafter().draft(value)
    assert caught.value.field == field
    assert field in str(caught.value)


def test_a_key_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(WrongRecord, match="customer: there is no such field"):
        drafter("customer").draft({"request_id": "r", "payload": "aGk="})
