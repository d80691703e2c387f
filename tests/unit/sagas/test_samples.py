"""Samples: records that fit their models, whatever these are made of."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Field, field_validator

from sagas.catalogue import definitions_found
from sagas.records import SagaRecord
from sagas.samples import NoSample, output_of, sample, value_of
from schemas import avsc
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for


class Colour(StrEnum):
    RED = "red"


class Inner(SagaRecord):
    name: str
    more: int = 7


class Everything(SagaRecord):
    text: Annotated[str, Field(min_length=9, max_length=12)]
    data: Annotated[bytes, Field(max_length=3)]
    number: Annotated[int, Field(gt=5, multiple_of=4)]
    small: Annotated[float, Field(le=0.5)]
    flag: bool
    colour: Colour
    choice: Literal["a", "b"]
    maybe: Inner | None
    items: Annotated[tuple[Inner, ...], Field(min_length=2)]
    pair: tuple[int, str]
    names: list[str]
    table: dict[str, Inner]
    moment: datetime
    day: date
    amount: Decimal
    key: UUID
    anything: Any
    kept: int = 3


class Picky(SagaRecord):
    word: str

    @field_validator("word")
    @classmethod
    def only_one(cls, word: str) -> str:
        if word != "please":
            raise ValueError("say please")
        return word


def test_a_sample_fits() -> None:
    made = sample(Everything)
    assert Everything.model_validate_json(made.model_dump_json()).text == "samplesss"
    assert (made.number, made.kept, made.colour, made.choice) == (12, 3, Colour.RED, "a")
    assert made.maybe == Inner(name="sample")
    assert len(made.items) == 2


def test_a_model_that_asks_for_more_has_none() -> None:
    with pytest.raises(NoSample, match="Picky"):
        sample(Picky)


def test_a_type_that_nothing_fits() -> None:
    with pytest.raises(NoSample):
        value_of(type("Opaque", (), {}))


@pytest.mark.parametrize("lane", avsc.lanes())
def test_an_output_fits_its_schema(lane: str) -> None:
    schema = avsc.load(lane, "result")
    output = output_of(schema)
    assert decoder_for(schema, schema)(encoder_for(schema)(output)) == output


def test_every_saga_of_the_catalogue_has_a_start() -> None:
    for saga in definitions_found():
        assert isinstance(sample(saga.start), saga.start)
