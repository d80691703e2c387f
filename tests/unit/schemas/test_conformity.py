"""Pydantic records and their `.avsc` say the same."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.conformity import conforms
from schemas.records import RequestRecord
from schemas.tensor import Tensor
from streams.lanes import catalogue


class Whole(RequestRecord):
    image: Tensor
    names: list[str]
    counts: dict[str, int]
    size: Annotated[int, Field(ge=1)]
    ratio: float
    data: bytes
    flag: bool
    note: str | None = None


def schema(**changes: Any) -> AvroSchema:
    tensor = avsc.load("digits", "request").definition["fields"][1]["type"]
    types: dict[str, Any] = {
        "request_id": "string",
        "image": tensor,
        "names": {"type": "array", "items": "string"},
        "counts": {"type": "map", "values": "long"},
        "size": "int",
        "ratio": "double",
        "data": "bytes",
        "flag": "boolean",
        **changes,
    }
    fields = [{"name": name, "type": kind} for name, kind in types.items() if kind is not None]
    if "note" not in changes:
        fields.append({"name": "note", "type": ["null", "string"], "default": None})
    return AvroSchema.read({"type": "record", "name": "Whole", "fields": fields})


def test_agreement_is_silent() -> None:
    assert conforms(Whole, schema()) == []


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"size": "string"}, "Whole.size is <class 'int'> in the model and string in the schema"),
        ({"size": "boolean"}, "Whole.size is <class 'int'> in the model and boolean in the schema"),
        ({"flag": "int"}, "Whole.flag is <class 'bool'>, not int"),
        ({"data": "string"}, "Whole.data is <class 'bytes'> in the model and string in the schema"),
        ({"names": {"type": "array", "items": "int"}}, "Whole.names[] is <class 'str'>"),
        ({"counts": {"type": "map", "values": "string"}}, "Whole.counts{} is <class 'int'>"),
        ({"extra": "int"}, "Whole.extra is in the schema only"),
        ({"ratio": None}, "Whole.ratio is in the model only"),
        ({"ratio": ["null", "double"]}, "Whole.ratio is <class 'float'> in the model and union in the schema"),
        ({"note": "string"}, "Whole.note has a default on one side only"),
        ({"note": ["null", "int"]}, "Whole.note may be <class 'str'> in the model only"),
        ({"note": ["null", "string", "int"]}, "Whole.note has 2 types in the model and 3 in the schema"),
        ({"image": {"type": "record", "name": "T", "fields": []}}, "Whole.image.data is in the model only"),
    ],
)
def test_each_difference_is_named(changes: dict[str, Any], difference: str) -> None:
    assert any(found.startswith(difference) for found in conforms(Whole, schema(**changes)))


def test_other_defaults_are_named() -> None:
    class Sized(RequestRecord):
        size: int = 3

    fields = [{"name": "request_id", "type": "string"}, {"name": "size", "type": "int", "default": 4}]
    other = AvroSchema.read({"type": "record", "name": "Sized", "fields": fields})
    assert conforms(Sized, other) == ["Sized.size has another default in the schema: 4"]


@pytest.mark.parametrize("name", avsc.lanes())
def test_every_lanes_requests_are_those_of_its_schema(name: str) -> None:
    assert conforms(catalogue()[name].request, avsc.load(name, "request")) == []
