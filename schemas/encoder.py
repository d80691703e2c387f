"""Writes Avro: Python source is made for a schema once, as dataclasses do, and compiled.

A record's pieces are joined in one go, several times faster than a walk over the schema for each record.
What is not compiled (unions of several types, very large schemas) fastavro writes, after the same checks.
"""

import operator
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

from fastavro import schemaless_writer

from schemas.avro_schema import AvroSchema
from schemas.errors import Unwritable
from schemas.fit import Fit, Misfit
from schemas.rows import record_of
from schemas.shape import Node, default_value, named_types, resolved
from schemas.source_code import SourceCode, Unsupported
from schemas.varint import LONGS, TABLE, encode_int, encode_long

Encode = Callable[[Mapping[str, Any]], bytes]
EncodeRow = Callable[[Sequence[Any]], bytes]
NOTHING: Mapping[str, Any] = {}
_PACKED = {"float": "f", "double": "d"}


def encoder_for(schema: AvroSchema, prefix: bytes = b"", fixed: Mapping[str, Any] = NOTHING) -> Encode:
    """A function from a record to `prefix` and the record's Avro bytes.

    `fixed` are fields whose values are the same for all records, which then lack them: their bytes are made once.
    The function raises Unwritable, with the path of the field, for a record that does not fit: a missing field without
    a default, a field that the schema lacks, a value of another type or out of range. A fixed value that does not fit
    raises Unwritable here.
    """
    fit = Fit(schema.parsed, json=False)

    def explain(record: Any, error: Exception) -> Unwritable:
        try:
            fit.fit(_completed(record, fixed))
        except Misfit as misfit:
            return Unwritable(misfit.path, misfit.message)
        return Unwritable(schema.name, f"{type(error).__name__}: {error}")

    try:
        encode: Encode = _Compiler(schema, explain, fixed).compile(prefix)
        return encode
    except Unsupported:
        return _interpreted(schema, prefix, fixed, explain)


def row_encoder_for(schema: AvroSchema) -> EncodeRow:
    """As `encoder_for`, of records that are tuples of their fields' values in the schema's order, at every depth."""
    fit, written = Fit(schema.parsed, json=False), encoder_for(schema)

    def explain(row: Any, error: Exception) -> Unwritable:
        try:
            fit.fit(record_of(schema.parsed, row))
        except Misfit as misfit:
            return Unwritable(misfit.path, misfit.message)
        return Unwritable(schema.name, f"{type(error).__name__}: {error}")

    try:
        encode: EncodeRow = _Compiler(schema, explain, rows=True).compile(b"")
        return encode
    except Unsupported:
        return lambda row: written(record_of(schema.parsed, row))


def _completed(record: Any, fixed: Mapping[str, Any]) -> Any:
    if not fixed:
        return record
    twice = fixed.keys() & record.keys()
    if twice:
        raise Misfit(min(twice), "is fixed for all records, and may not be given again")
    return {**fixed, **record}


def _interpreted(
    schema: AvroSchema,
    prefix: bytes,
    fixed: Mapping[str, Any],
    explain: Callable[[Any, Exception], Unwritable],
) -> Encode:
    fit = Fit(schema.parsed, json=False)

    def encode(record: Mapping[str, Any]) -> bytes:
        buffer = BytesIO()
        buffer.write(prefix)
        try:
            schemaless_writer(buffer, schema.parsed, fit.fit(_completed(record, fixed)))
        except Exception as error:
            raise explain(record, error) from error
        return buffer.getvalue()

    return encode


class _Compiler:
    """Makes the function for one schema. Each method emits statements and returns expressions for bytes to join."""

    def __init__(
        self,
        schema: AvroSchema,
        explain: Callable[[Any, Exception], Unwritable],
        fixed: Mapping[str, Any] = NOTHING,
        *,
        rows: bool = False,
    ) -> None:
        self._schema = schema
        self._fixed = fixed
        self._rows = rows
        self._named = named_types(schema.parsed)
        self._code = SourceCode()
        self._code.constants.update(
            LONGS=LONGS, long=_long, int32=encode_int, length=_length, join=b"".join, explain=explain,
            as_bytes=_as_bytes, as_int=_as_int, as_boolean=_as_boolean, as_list=_as_list, text=_text,
        )  # fmt: skip

    def compile(self, prefix: bytes) -> Any:
        """The function; raises Unsupported, or Unwritable for a fixed value that does not fit."""
        code, schema = self._code, self._schema.parsed
        code.enter("try:")
        pieces = self._fixed_record(schema, prefix) if self._fixed else self._value(schema, "record")
        head = [code.constant(prefix)] if prefix and not self._fixed else []
        return self._function([*head, *pieces])

    def compile_part(self, node: Node) -> Any:
        """The function for a part of the schema; raises Unsupported."""
        self._code.enter("try:")
        return self._function(self._value(node, "record"))

    def _function(self, pieces: list[str]) -> Any:
        code = self._code
        code.line(f"return join(({', '.join(pieces)},))")
        code.leave()
        code.enter("except Exception as error:")
        code.line("raise explain(record, error) from error")
        code.leave()
        return code.build("encode(record)", f"<encoder of {self._schema.name}>")

    def _value(self, node: Node, value: str, branch: bytes = b"") -> list[str]:
        """Pieces for the value that an expression names, after the bytes that say which union branch it is."""
        kind, node = resolved(node, self._named)
        match kind:
            case "union":
                return self._nullable(node, value)
            case "record" | "error":
                return [*self._constant(branch), *self._record(node, value)]
            case "array":
                return [*self._constant(branch), self._array(node["items"], value)]
            case "map":
                return [*self._constant(branch), self._map(node["values"], value)]
            case "string" | "bytes":
                return self._sized(kind, value, branch)
            case "fixed":
                return [*self._constant(branch), f"as_bytes({value}, {node['size']})"]
            case _:
                return [self._scalar(kind, node, value, branch)]

    def _fixed_record(self, node: Node, held: bytes) -> list[str]:
        """Pieces of a record of which some fields are known; neighbours that are known become one piece."""
        code, fields = self._code, node["fields"]
        names = code.constant(frozenset(field["name"] for field in fields if field["name"] not in self._fixed))
        code.enter(f"if not {names}.issuperset(record):")
        code.line("raise KeyError")
        code.leave()
        pieces: list[str] = []
        for field in fields:
            if field["name"] in self._fixed:
                held += self._known(field)
            else:
                pieces += self._constant(held)
                pieces += self._value(field["type"], self._field(field, "record"))
                held = b""
        return pieces + self._constant(held)

    def _known(self, field: Mapping[str, Any]) -> bytes:
        def explain(value: Any, error: Exception) -> Unwritable:
            return Unwritable(field["name"], f"{value!r} can't be its fixed value: {type(error).__name__} {error}")

        known: bytes = _Compiler(self._schema, explain).compile_part(field["type"])(self._fixed[field["name"]])
        return known

    def _constant(self, data: bytes) -> list[str]:
        return [self._code.constant(data)] if data else []

    def _sized(self, kind: str, value: str, branch: bytes) -> list[str]:
        code, data, size, head = self._code, self._code.name("b"), self._code.name("n"), self._code.name("h")
        if kind == "string" and self._rows and not branch:
            return [self._remembered(value)]
        if kind == "string":
            code.line(f"{data} = {value}.encode()")
        else:
            code.line(f"{data} = {value} if {value}.__class__ is bytes else as_bytes({value})")
        code.line(f"{size} = len({data})")
        table = code.constant(_lengths(branch)) if branch else "LONGS"
        code.line(f"{head} = {table}[{size}] if {size} < {TABLE} else length({branch!r}, {size})")
        return [head, data]

    def _remembered(self, value: str) -> str:
        """A piece for a text of a row: names and states recur, so each field remembers its first short ones."""
        code, piece, known = self._code, self._code.name("t"), self._code.constant({})
        code.line(f"{piece} = {known}.get({value})")
        code.enter(f"if {piece} is None:")
        code.line(f"{piece} = text({value}, {known})")
        code.leave()
        return piece

    def _scalar(self, kind: str, node: Node, value: str, branch: bytes) -> str:
        code = self._code
        lead = f"{branch!r} + " if branch else ""
        if kind == "enum":
            symbols = {symbol: branch + LONGS[index] for index, symbol in enumerate(node["symbols"][:TABLE])}
            return f"{code.constant(symbols)}[{value}]"
        if kind == "boolean":
            true, false = branch + b"\x01", branch + b"\x00"
            return f"({true!r} if {value} is True else {false!r} if {value} is False else {lead}as_boolean({value}))"
        if kind in ("int", "long"):
            write = "int32" if kind == "int" else "long"
            number = code.name("i")
            code.line(f"{number} = {value} if {value}.__class__ is int else as_int({value})")
            return f"{lead}(LONGS[{number}] if 0 <= {number} < {TABLE} else {write}({number}))"
        if kind in _PACKED:
            return f"{lead}{code.constant(struct.Struct('<' + _PACKED[kind]).pack)}({value})"
        if kind == "null":
            code.enter(f"if {value} is not None:")
            code.line("raise TypeError")
            code.leave()
            return repr(branch)
        raise Unsupported

    def _nullable(self, branches: list[Node], value: str) -> list[str]:
        """A union of null and one other type, in either order."""
        if len(branches) != 2 or "null" not in branches:
            raise Unsupported
        code, null = self._code, branches.index("null")
        code.enter(f"if {value} is not None:")
        pieces = self._value(branches[1 - null], value, LONGS[1 - null])
        if len(pieces) > 3:
            pieces = [f"join(({', '.join(pieces)}))"]
        names = [code.name("p") for _ in pieces]
        for name, piece in zip(names, pieces, strict=True):
            code.line(f"{name} = {piece}")
        code.leave()
        code.enter("else:")
        code.line(f"{names[0]} = {LONGS[null]!r}")
        for name in names[1:]:
            code.line(f"{name} = b''")
        code.leave()
        return names

    def _record(self, node: Node, record: str) -> list[str]:
        code, fields = self._code, node["fields"]
        named: list[str] = []
        if self._rows:
            named = [code.name() for _ in fields]
            code.line(f"{''.join(f'{name}, ' for name in named) or '()'} = {record}")
        else:
            names = code.constant(frozenset(field["name"] for field in fields))
            code.enter(f"if len({record}) != {len(fields)} and not {names}.issuperset({record}):")
            code.line("raise KeyError")
            code.leave()
        pieces: list[str] = []
        packed: list[tuple[str, str]] = []
        for number, field in enumerate(fields):
            kind, _ = resolved(field["type"], self._named)
            value = named[number] if self._rows else self._field(field, record)
            if kind in _PACKED:
                packed.append((_PACKED[kind], value))
                continue
            pieces += self._pack(packed)
            pieces += self._value(field["type"], value)
        return pieces + self._pack(packed)

    def _field(self, field: Mapping[str, Any], record: str) -> str:
        code, value, name = self._code, self._code.name(), field["name"]
        if "default" in field:
            default = code.constant(default_value(field["type"], field["default"], self._named))
            code.line(f"{value} = {record}.get({name!r}, {default})")
        else:
            code.line(f"{value} = {record}[{name!r}]")
        return value

    def _pack(self, packed: list[tuple[str, str]]) -> list[str]:
        """One piece for a run of numbers of fixed size; empties the run."""
        if not packed:
            return []
        pack = self._code.constant(struct.Struct("<" + "".join(letter for letter, _ in packed)).pack)
        piece = f"{pack}({', '.join(value for _, value in packed)})"
        packed.clear()
        return [piece]

    def _array(self, items: Node, value: str) -> str:
        code, out, item = self._code, self._code.name("a"), self._code.name("x")
        every = code.name("l")
        code.line(f"{every} = {value} if {value}.__class__ is list else as_list({value})")
        code.line(f"{out} = []")
        code.enter(f"if {every}:")
        code.line(f"{out}.append(long(len({every})))")
        code.enter(f"for {item} in {every}:")
        self._append(out, self._value(items, item))
        code.leave()
        code.leave()
        code.line(f"{out}.append(b'\\x00')")
        return f"join({out})"

    def _map(self, values: Node, value: str) -> str:
        code, out, key, item = self._code, self._code.name("a"), self._code.name("k"), self._code.name("x")
        every = code.name("l")
        code.line(f"{every} = {value}.items()")
        code.line(f"{out} = []")
        code.enter(f"if {every}:")
        code.line(f"{out}.append(long(len({every})))")
        code.enter(f"for {key}, {item} in {every}:")
        self._append(out, [*self._sized("string", key, b""), *self._value(values, item)])
        code.leave()
        code.leave()
        code.line(f"{out}.append(b'\\x00')")
        return f"join({out})"

    def _append(self, out: str, pieces: list[str]) -> None:
        if len(pieces) == 1:
            self._code.line(f"{out}.append({pieces[0]})")
        else:
            self._code.line(f"{out} += ({', '.join(pieces)})")


@lru_cache(maxsize=8)
def _lengths(branch: bytes) -> tuple[bytes, ...]:
    return tuple(branch + small for small in LONGS)


# Moments recur: within a record, and from one to the next.
_long = lru_cache(maxsize=4_096)(encode_long)


def _text(value: str, known: dict[str, bytes]) -> bytes:
    """A text with its length in front; remembers it among those that are known, up to a bound."""
    data = value.encode()
    size = len(data)
    piece = (LONGS[size] if size < TABLE else encode_long(size)) + data
    if size <= 64 and len(known) < 64:
        known[value] = piece
    return piece


def _length(branch: bytes, size: int) -> bytes:
    return branch + encode_long(size)


def _as_bytes(value: Any, size: int | None = None) -> bytes:
    """Bytes of what is bytes by nature: a list of numbers, or an array whose length counts items, is not."""
    if isinstance(value, memoryview):
        value = value.tobytes()
    if not isinstance(value, bytes | bytearray) or (size is not None and len(value) != size):
        raise TypeError(f"{type(value).__name__} is not the bytes that are expected")
    return bytes(value)


def _as_int(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("true and false are no numbers")
    return operator.index(value)


def _as_boolean(value: Any) -> bytes:
    if type(value).__name__ != "bool":
        raise TypeError(f"{type(value).__name__} is neither true nor false")
    return b"\x01" if value else b"\x00"


def _as_list(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{type(value).__name__} is no list")
    return value
