"""What every registry must do: the fake in memory and the real ones pass the same tests.

A subclass gives a `registry` fixture: a Registry nobody else writes to, or at least not under `unique` subjects.
"""

import json
from uuid import uuid4

import pytest

from schemas.avro_schema import AvroSchema
from schemas.codec import Codec
from schemas.compatibility import Kind, Registration, Status, apply, check, plan
from schemas.errors import SchemaIncompatible, SchemaNotFound, SchemaPending, Unreadable
from schemas.registry import Registry


def schema(*fields: dict[str, object], name: str = "Order") -> AvroSchema:
    first = {"name": "request_id", "type": "string"}
    return AvroSchema.read({"type": "record", "name": name, "namespace": "suite", "fields": [first, *fields]})


FIRST = schema()
WITH_DEFAULT = schema({"name": "note", "type": ["null", "string"], "default": None})
WITHOUT_DEFAULT = schema({"name": "note", "type": "string"})


class RegistrySuite:
    """The tests; not collected by itself."""

    @pytest.fixture
    def unique(self) -> str:
        return f"suite-{uuid4().hex}-value"

    def test_what_was_registered_is_found_again_under_the_same_id(self, registry: Registry, unique: str) -> None:
        schema_id = registry.register(unique, FIRST)
        assert registry.find_id(unique, FIRST) == schema_id
        assert registry.register(unique, FIRST) == schema_id

    def test_a_schema_is_found_whatever_the_layout_of_its_json(self, registry: Registry, unique: str) -> None:
        schema_id = registry.register(unique, FIRST)
        spaced = AvroSchema.read(json.dumps(FIRST.definition, indent=4))
        assert registry.find_id(unique, spaced) == schema_id

    def test_an_unknown_subject_has_no_schema_and_no_versions(self, registry: Registry, unique: str) -> None:
        assert registry.find_id(unique, FIRST) is None
        assert registry.versions(unique) == []

    def test_a_known_subject_does_not_have_every_schema(self, registry: Registry, unique: str) -> None:
        registry.register(unique, FIRST)
        assert registry.find_id(unique, WITH_DEFAULT) is None

    def test_versions_come_oldest_first(self, registry: Registry, unique: str) -> None:
        registry.register(unique, FIRST)
        registry.register(unique, WITH_DEFAULT)
        assert registry.versions(unique) == [FIRST, WITH_DEFAULT]
        assert registry.versions(unique, latest=True) == [WITH_DEFAULT]

    def test_an_id_is_pending_until_it_is_fetched(self, registry: Registry, another: Registry, unique: str) -> None:
        schema_id = registry.register(unique, FIRST)
        with pytest.raises(SchemaPending):
            another.cached(schema_id)
        another.fetch(schema_id)
        assert another.cached(schema_id) == FIRST

    def test_an_id_that_the_registry_denies_is_unreadable(self, registry: Registry, unique: str) -> None:
        registry.register(unique, FIRST)
        registry.fetch(2_000_000_000)
        with pytest.raises(Unreadable, match="2000000000 is not in the registry"):
            registry.cached(2_000_000_000)

    def test_a_level_is_kept_once_set(self, registry: Registry, unique: str) -> None:
        registry.set_compatibility(unique, "BACKWARD")
        registry.register(unique, FIRST)
        assert registry.compatibility(unique) == "BACKWARD"
        registry.set_compatibility(unique, "FULL_TRANSITIVE")
        assert registry.compatibility(unique) == "FULL_TRANSITIVE"

    def test_a_subject_that_nobody_set_has_no_level(self, registry: Registry, unique: str) -> None:
        registry.register(unique, FIRST)
        assert registry.compatibility(unique) in (None, "NONE")

    def test_a_level_set_before_the_first_schema_guards_the_second(self, registry: Registry, unique: str) -> None:
        registry.set_compatibility(unique, "BACKWARD")
        registry.register(unique, FIRST)
        with pytest.raises(SchemaIncompatible):
            registry.register(unique, WITHOUT_DEFAULT)
        registry.register(unique, WITH_DEFAULT)

    def test_a_codec_writes_what_another_worker_reads(self, registry: Registry, another: Registry, unique: str) -> None:
        registry.register(unique, FIRST)
        registry.register(unique, WITH_DEFAULT)
        old, new = Codec(FIRST, unique, registry), Codec(WITH_DEFAULT, unique, another)
        old.bind()
        value = old.encode({"request_id": "one"})
        with pytest.raises(SchemaPending) as pending:
            new.decode(value)
        another.fetch(pending.value.schema_id)
        assert new.decode(value) == {"request_id": "one", "note": None}

    def test_binding_to_what_is_not_registered_says_what_to_run(self, registry: Registry, unique: str) -> None:
        with pytest.raises(SchemaNotFound, match="sluicegate init"):
            Codec(FIRST, unique, registry).bind()

    def test_applying_registers_and_guards_and_then_has_nothing_to_do(self, registry: Registry, unique: str) -> None:
        wanted = [Registration(unique, FIRST, Kind.REQUESTS)]
        assert {finding.status for finding in check(registry, wanted)} == {Status.UNREGISTERED, Status.UNGUARDED}
        assert [step.text.split()[0] for step in apply(registry, wanted)] == ["set", "register"]
        assert [finding.status for finding in check(registry, wanted)] == [Status.OK]
        assert plan(registry, wanted) == []
        assert apply(registry, wanted) == []

    def test_planning_changes_nothing(self, registry: Registry, unique: str) -> None:
        wanted = [Registration(unique, FIRST, Kind.REQUESTS)]
        assert len(plan(registry, wanted)) == 2
        assert registry.find_id(unique, FIRST) is None

    def test_an_incompatible_schema_is_refused_before_anything_changes(self, registry: Registry, unique: str) -> None:
        registry.register(unique, FIRST)
        wanted = [Registration(f"{unique}-2", FIRST, Kind.STATE), Registration(unique, WITHOUT_DEFAULT, Kind.REQUESTS)]
        with pytest.raises(SchemaIncompatible, match="note: the reader needs it"):
            apply(registry, wanted)
        assert registry.find_id(f"{unique}-2", FIRST) is None
        assert registry.compatibility(unique) in (None, "NONE")
