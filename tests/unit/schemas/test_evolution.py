"""May a schema follow another? Avro's rules, in words."""

from typing import Any

import pytest

from schemas.avro_schema import AvroSchema
from schemas.evolution import Level, problems, unreadable


def one(kind: Any, name: str = "One", **more: Any) -> AvroSchema:
    return AvroSchema.read({"type": "record", "name": name, "fields": [{"name": "value", "type": kind, **more}]})


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def fixed(size: int, name: str = "F") -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size}


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        (one("long"), one("int")),
        (one("double"), one("long")),
        (one("double"), one("float")),
        (one("bytes"), one("string")),
        (one("string"), one("bytes")),
        (one(["null", "string"]), one("string")),
        (one("long"), one(["int", "long"])),
        (one(enum("A", "B")), one(enum("A"))),
        (one(enum("A", default="A")), one(enum("A", "B"))),
        (one(fixed(2)), one(fixed(2))),
        (one({"type": "array", "items": "long"}), one({"type": "array", "items": "int"})),
        (one({"type": "map", "values": "long"}), one({"type": "map", "values": "int"})),
        (one("int", other="x"), one("int")),
    ],
)
def test_what_can_be_read(reader: AvroSchema, writer: AvroSchema) -> None:
    assert unreadable(reader, writer) == []


@pytest.mark.parametrize(
    ("reader", "writer", "reason"),
    [
        (one("int"), one("long"), "value: long can't be read as int"),
        (one("string"), one("int"), "value: int can't be read as string"),
        (one("boolean"), one("int"), "value: int can't be read as boolean"),
        (one("string"), one(["null", "string"]), "value: null can't be read as string"),
        (one(["null", "string"]), one("int"), "value: no branch of the reader's union takes int"),
        (one(enum("A")), one(enum("A", "B", "C")), "value: the reader does not know B, C"),
        (one(fixed(2)), one(fixed(3)), "value: 3 bytes can't be read as 2"),
        (one(fixed(2)), one(fixed(2, "G")), "value: G can't be read as F"),
        (one({"type": "array", "items": "int"}), one({"type": "array", "items": "string"}), r"value\[\]: string"),
        (one({"type": "map", "values": "int"}), one({"type": "map", "values": "string"}), r"value{}: string"),
        (one("int"), one("int", "Two"), "the record: Two can't be read as One"),
    ],
)
def test_what_cannot_be_read(reader: AvroSchema, writer: AvroSchema, reason: str) -> None:
    (found,) = unreadable(reader, writer)
    assert found.startswith(reason.replace("\\", ""))


def test_aliases_let_names_change() -> None:
    old = AvroSchema.read({"type": "record", "name": "a.Old", "fields": [{"name": "b", "type": "int"}]})
    new = AvroSchema.read(
        {
            "type": "record",
            "name": "a.New",
            "aliases": ["Old"],
            "fields": [{"name": "c", "type": "int", "aliases": ["b"]}],
        }
    )
    assert unreadable(new, old) == []
    assert unreadable(old, new) != []


EMPTY = AvroSchema.read({"type": "record", "name": "One", "fields": []})
NEEDED, OPTIONAL = one("int"), one("int", default=0)


@pytest.mark.parametrize(
    ("level", "new", "earlier", "allowed"),
    [
        (Level.NONE, one("string"), [one("int")], True),
        (Level.BACKWARD, OPTIONAL, [EMPTY], True),
        (Level.BACKWARD, NEEDED, [EMPTY], False),
        (Level.BACKWARD, EMPTY, [NEEDED], True),
        (Level.FORWARD, NEEDED, [EMPTY], True),
        (Level.FORWARD, EMPTY, [NEEDED], False),
        (Level.FORWARD, EMPTY, [OPTIONAL], True),
        (Level.FULL, NEEDED, [EMPTY], False),
        (Level.FULL, EMPTY, [NEEDED], False),
        (Level.FULL, OPTIONAL, [EMPTY], True),
        (Level.BACKWARD, NEEDED, [EMPTY, NEEDED], True),
        (Level.BACKWARD_TRANSITIVE, NEEDED, [EMPTY, NEEDED], False),
        (Level.FORWARD, EMPTY, [NEEDED, OPTIONAL], True),
        (Level.FORWARD_TRANSITIVE, EMPTY, [NEEDED, OPTIONAL], False),
        (Level.FULL_TRANSITIVE, OPTIONAL, [EMPTY, OPTIONAL], True),
        (Level.FULL_TRANSITIVE, EMPTY, [NEEDED, OPTIONAL], False),
        (Level.BACKWARD, NEEDED, [], True),
    ],
)
def test_levels(level: Level, new: AvroSchema, earlier: list[AvroSchema], allowed: bool) -> None:
    assert (problems(new, earlier, level) == []) is allowed


def test_the_reason_says_who_cannot_read() -> None:
    (reason,) = problems(NEEDED, [EMPTY], Level.FULL)
    assert reason.startswith("new readers can't read old data: value: the reader needs it")
