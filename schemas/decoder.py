"""Reads Avro: compiled from the schema when the writer's is the same, through fastavro when it must be resolved.

Both are strict: an encoded value ends where the bytes end, and counts never exceed what the bytes can hold.
"""

import struct
from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader

from schemas.avro_schema import AvroSchema
from schemas.errors import Unreadable
from schemas.rows import Makers, made_of
from schemas.shape import Node, has_mutable_defaults, least_bytes, named_types, resolved, with_python_defaults
from schemas.source_code import SourceCode, Unsupported
from schemas.varint import rest_of_long

Decode = Callable[[bytes], dict[str, Any]]
_PACKED = {"float": struct.Struct("<f"), "double": struct.Struct("<d")}
NO_MAKERS: Makers = {}


def maker_for(schema: AvroSchema, makers: Makers, start: int = 0) -> Callable[[bytes], Any]:
    """As `decoder_for` of one schema, but what `makers` make of the records takes their place."""
    try:
        make: Callable[[bytes], Any] = _Compiler(schema, makers).compile(start)
        return make
    except Unsupported:
        decode = _resolving(schema, None, start)
        return lambda value: made_of(schema.parsed, decode(value), makers)


def decoder_for(writer: AvroSchema, reader: AvroSchema, start: int = 0) -> Decode:
    """A function from bytes, of which the first `start` are not Avro's, to a record of the reader's schema.

    It raises Unreadable for anything that is not exactly one value of the writer's schema, or that the reader's
    can't hold.
    """
    if writer == reader:
        try:
            compiled: Decode = _Compiler(reader).compile(start)
            return compiled
        except Unsupported:
            return _resolving(writer, None, start)
    return _resolving(writer, reader, start)


def _resolving(writer: AvroSchema, reader: AvroSchema | None, start: int) -> Decode:
    source, target = writer.parsed, with_python_defaults(reader.parsed) if reader is not None else None
    shared = reader is not None and has_mutable_defaults(reader.parsed)

    def decode(value: bytes) -> dict[str, Any]:
        buffer = BytesIO(value)
        buffer.seek(start)
        try:
            record: Any = schemaless_reader(buffer, source, target)
        except Exception as error:  # fastavro raises IndexError, EOFError, UnicodeDecodeError and more
            raise _unreadable(writer, error) from error
        if buffer.tell() != len(value):
            raise _left_over(writer, buffer.tell(), value)
        return deepcopy(record) if shared else record

    return decode


def _unreadable(writer: AvroSchema, error: Exception) -> Unreadable:
    if isinstance(error, Unreadable):
        return Unreadable(f"not a {writer.name}: {error}")
    if isinstance(error, IndexError | EOFError | struct.error):
        return Unreadable(f"not a {writer.name}: the bytes end too early, or a union or enum has no such branch")
    return Unreadable(f"not a {writer.name}: {type(error).__name__}: {str(error)[:300]}")


def _left_over(writer: AvroSchema, end: int, value: bytes) -> Unreadable:
    if end > len(value):
        return Unreadable(f"not a {writer.name}: {end - len(value)} bytes are missing at the end of {len(value)}")
    return Unreadable(f"not a {writer.name}: {len(value) - end} bytes are left over of {len(value)}")


class _Compiler:
    """Makes the function for one schema. Each method emits statements and returns the expression of the value.

    `at` only grows, and slices beyond the end are short, so one comparison at the very end finds every text or
    bytes that were cut off.
    """

    def __init__(self, schema: AvroSchema, makers: Makers = NO_MAKERS) -> None:
        self._schema = schema
        self._makers = makers
        self._named = named_types(schema.parsed)
        self._code = SourceCode()
        self._code.constants.update(rest=rest_of_long, Unreadable=Unreadable, unreadable=self._explain)

    def compile(self, start: int) -> Any:
        """The function; raises Unsupported."""
        code = self._code
        code.line("size = len(value)")
        code.enter("try:")
        code.line(f"at = {start}")
        result = self._value(self._schema.parsed)
        code.line(f"result = {result}")
        code.leave()
        code.enter("except Exception as error:")
        code.line("raise unreadable(error) from error")
        code.leave()
        code.enter("if at != size:")
        code.line("raise unreadable(None, at, value)")
        code.leave()
        code.line("return result")
        return code.build("decode(value)", f"<decoder of {self._schema.name}>")

    def _explain(self, error: Exception | None, end: int = 0, value: bytes = b"") -> Unreadable:
        return _left_over(self._schema, end, value) if error is None else _unreadable(self._schema, error)

    def _value(self, node: Node) -> str:
        kind, node = resolved(node, self._named)
        match kind:
            case "union":
                return self._union(node)
            case "record" | "error":
                return self._record(node)
            case "array":
                return self._array(node["items"])
            case "map":
                return self._map(node["values"])
            case "string":
                return self._text()
            case "bytes":
                return self._data(self._length())
            case "fixed":
                return self._data(str(node["size"]))
            case "enum":
                return self._kept(f"{self._code.constant(tuple(node['symbols']))}[{self._index(len(node['symbols']))}]")
            case "null":
                return "None"
            case _:
                return self._number(kind)

    def _record(self, node: Node) -> str:
        fields = [(field["name"], self._value(field["type"])) for field in node["fields"]]
        maker = self._makers.get(node["name"])
        if maker is not None:
            return self._kept(f"{self._code.constant(maker)}({', '.join(value for _, value in fields)})")
        return self._kept("{" + ", ".join(f"{name!r}: {value}" for name, value in fields) + "}")

    def _kept(self, expression: str) -> str:
        name = self._code.name()
        self._code.line(f"{name} = {expression}")
        return name

    def _raw(self) -> str:
        """A variable with the zigzag form's bits where one byte holds it, which is nearly always."""
        code, number = self._code, self._code.name("n")
        code.line(f"{number} = value[at]")
        code.line("at += 1")
        return number

    def _long(self) -> str:
        code, number = self._code, self._raw()
        code.enter(f"if {number} > 127:")
        code.line(f"{number}, at = rest(value, {number}, at)")
        code.leave()
        code.enter("else:")
        code.line(f"{number} = ({number} >> 1) ^ -({number} & 1)")
        code.leave()
        return number

    def _length(self) -> str:
        """A length, read in line where it has one byte or two: every text has one."""
        code, number, more = self._code, self._raw(), self._code.name("m")
        code.enter(f"if {number} > 127:")
        code.line(f"{more} = value[at]")
        code.enter(f"if {more} > 127:")
        code.line(f"{number}, at = rest(value, {number}, at)")
        code.leave()
        code.enter("else:")
        code.line("at += 1")
        code.line(f"{number} = {number} & 127 | {more} << 7")
        code.line(f"{number} = ({number} >> 1) ^ -({number} & 1)")
        code.leave()
        self._refuse(f"{number} < 0", "a length is negative")
        code.leave()
        code.enter(f"elif {number} & 1:")
        code.line("raise Unreadable('a length is negative')")
        code.leave()
        code.enter("else:")
        code.line(f"{number} >>= 1")
        code.leave()
        return number

    def _index(self, count: int) -> str:
        number = self._long()
        self._refuse(f"not 0 <= {number} < {count}", "a union or enum has no such branch")
        return number

    def _refuse(self, condition: str, reason: str) -> None:
        self._code.enter(f"if {condition}:")
        self._code.line(f"raise Unreadable({reason!r})")
        self._code.leave()

    def _data(self, length: str) -> str:
        code, data, end = self._code, self._code.name("b"), self._code.name("e")
        code.line(f"{end} = at + {length}")
        code.line(f"{data} = value[at:{end}]")
        code.line(f"at = {end}")
        return data

    def _text(self) -> str:
        code, text, end = self._code, self._code.name("s"), self._code.name("e")
        code.line(f"{end} = at + {self._length()}")
        code.line(f"{text} = value[at:{end}].decode()")
        code.line(f"at = {end}")
        return text

    def _number(self, kind: str) -> str:
        code = self._code
        if kind in ("int", "long"):
            number = self._long()
            if kind == "int":
                self._refuse(f"not -2147483648 <= {number} <= 2147483647", "an int has more than 32 bits")
            return number
        if kind == "boolean":
            number = self._raw()
            self._refuse(f"{number} > 1", "a boolean is neither 0 nor 1")
            return self._kept(f"{number} == 1")
        if kind in _PACKED:
            packed = _PACKED[kind]
            number = self._kept(f"{code.constant(packed.unpack_from)}(value, at)[0]")
            code.line(f"at += {packed.size}")
            return number
        raise Unsupported

    def _union(self, branches: list[Node]) -> str:
        code, index, result = self._code, self._index(len(branches)), self._code.name("u")
        for number, branch in enumerate(branches):
            code.enter(f"{'if' if number == 0 else 'elif'} {index} == {number}:")
            code.line(f"{result} = {self._value(branch)}")
            code.leave()
        return result

    def _blocks(self, least: int) -> str:
        """Opens the loops over an array's or map's blocks; a count is held against the bytes that are left."""
        code = self._code
        code.enter("while True:")
        count = self._long()
        code.enter(f"if {count} == 0:")
        code.line("break")
        code.leave()
        code.enter(f"if {count} < 0:")
        code.line(f"{count} = -{count}")
        self._long()
        code.leave()
        self._refuse(f"{count} * {least} > size - at", "an array or map claims more items than there are bytes")
        return count

    def _array(self, items: Node) -> str:
        code, out = self._code, self._kept("[]")
        count = self._blocks(least_bytes(items, self._named))
        code.enter(f"for _ in range({count}):")
        code.line(f"{out}.append({self._value(items)})")
        code.leave()
        code.leave()
        return out

    def _map(self, values: Node) -> str:
        code, out = self._code, self._kept("{}")
        count = self._blocks(1 + least_bytes(values, self._named))
        code.enter(f"for _ in range({count}):")
        key = self._text()
        code.line(f"{out}[{key}] = {self._value(values)}")
        code.leave()
        code.leave()
        return out
