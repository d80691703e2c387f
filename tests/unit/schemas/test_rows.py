"""Rows: what is no row of its schema is refused as a record would be; what is not compiled is written all the same."""

from typing import Any

import pytest

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.decoder import maker_for
from schemas.encoder import encoder_for, row_encoder_for
from schemas.errors import Unreadable, Unwritable
from schemas.rows import made_of, record_of

TENSOR = ("float32", [2], bytes(8))
RESULT = ("one", "COMPLETED", TENSOR, 5, None, "minilm", "1", 1.5, 0.25)
SCHEMA = avsc.load("embed", "result")
# A union of several types is left to fastavro.
ODD = AvroSchema.read(
    {
        "type": "record",
        "name": "Odd",
        "fields": [{"name": "a", "type": ["null", "string", "int"]}, {"name": "b", "type": "long"}],
    }
)


def test_a_row_is_written_as_its_record() -> None:
    assert row_encoder_for(SCHEMA)(RESULT) == encoder_for(SCHEMA)(record_of(SCHEMA.parsed, RESULT))


@pytest.mark.parametrize(
    ("place", "wrong", "message"),
    [
        (3, "x", "tokens: expected an int, found str"),
        (2, ("float32", [2.5], b""), r"embedding.shape\[0\]: expected an int, found float"),
        (2, ("float32", [2]), "embedding: expected a sluicegate.Tensor"),
        (5, None, "model: expected a string, found NoneType"),
    ],
)
def test_what_does_not_fit_is_named(place: int, wrong: Any, message: str) -> None:
    row = (*RESULT[:place], wrong, *RESULT[place + 1 :])
    with pytest.raises(Unwritable, match=message):
        row_encoder_for(SCHEMA)(row)


@pytest.mark.parametrize("row", [RESULT[:-1], (*RESULT, 1), None, "text"])
def test_what_is_no_row_is_refused(row: Any) -> None:
    with pytest.raises(Unwritable, match="expected a sluicegate"):
        row_encoder_for(SCHEMA)(row)


def test_texts_that_recur_are_written_as_those_that_do_not() -> None:
    encode, by_name = row_encoder_for(SCHEMA), encoder_for(SCHEMA)
    for name in (*map(str, range(200)), "7", "x" * 63, "x" * 65, "x" * 5_000, "x" * 65, "é", ""):
        row = (name, *RESULT[1:5], name, *RESULT[6:])
        assert encode(row) == by_name(record_of(SCHEMA.parsed, row))


def test_what_is_not_compiled_is_written_and_made_all_the_same() -> None:
    value = row_encoder_for(ODD)(("text", 7))
    assert value == encoder_for(ODD)({"a": "text", "b": 7})
    assert maker_for(ODD, {"Odd": lambda a, b: (b, a)})(value) == (7, "text")


def test_what_is_made_of_bytes_is_made_of_their_record() -> None:
    makers = {"sluicegate.Tensor": lambda dtype, shape, data: f"{dtype}{shape}"}
    value = row_encoder_for(SCHEMA)(RESULT)
    made = maker_for(SCHEMA, makers)(value)
    assert made["embedding"] == "float32[2]"
    assert made_of(SCHEMA.parsed, record_of(SCHEMA.parsed, RESULT), makers) == made
    with pytest.raises(Unreadable):
        maker_for(SCHEMA, makers)(value[:-1])
