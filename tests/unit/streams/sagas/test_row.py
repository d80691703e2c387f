"""Rows of the store of sagas that are none: read as nothing due, and refused when their saga is asked for."""

import pytest

from sagas.wire.instance import encode_instance, instance_record
from sagas.wire.schema import schema
from schemas.avro_schema import AvroSchema
from schemas.codec import frame
from schemas.encoder import encoder_for
from schemas.errors import Unreadable
from schemas.registry import Stored
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.proof.fuzzing.stores import an_instance
from streams.sagas.row import Rows, due_of, is_parked

HEAD = 9


@pytest.fixture
def registry() -> MemoryRegistry:
    made = MemoryRegistry()
    made.register(subject("state", schema("instance").name), schema("instance"))
    return made


@pytest.fixture
def rows(registry: MemoryRegistry) -> Rows:
    made = Rows("state")
    made.connect(registry)
    return made


def test_a_row_says_what_is_due_and_who_is_parked(rows: Rows) -> None:
    saga = an_instance()
    row = rows.pack(saga, encode_instance(saga))
    assert due_of(row) == saga.timers["deadline"].due_ms
    assert is_parked(row)
    assert rows.unpack(row) == saga


@pytest.mark.parametrize("length", range(HEAD + 5))
def test_a_row_that_is_cut_short_keeps_no_partition_from_being_read(rows: Rows, length: int) -> None:
    row = rows.pack(an_instance(), encode_instance(an_instance()))[:length]
    assert length >= HEAD or (due_of(row), is_parked(row)) == (None, False)
    with pytest.raises(Unreadable, match="too few for a saga's row"):
        rows.unpack(row)


def test_a_status_that_only_a_newer_version_knows_is_unreadable(rows: Rows, registry: MemoryRegistry) -> None:
    definition = schema("instance").definition
    newer = AvroSchema.read({**definition, "fields": [*definition["fields"], {"name": "later", "type": "int"}]})
    registry.source.ids[7] = Stored(newer.text)
    registry.fetch(7)
    record = {**instance_record(an_instance()), "status": "HIBERNATING", "later": 1}
    row = rows.pack(an_instance(), encode_instance(an_instance()))[:HEAD] + frame(7) + encoder_for(newer)(record)
    with pytest.raises(Unreadable, match="'HIBERNATING' is unknown here"):
        rows.unpack(row)
