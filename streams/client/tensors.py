"""Tensors for a request: from nested lists or from an array, and back to lists.

A tensor travels as `{dtype, shape, data}` with little-endian bytes in C order. Nothing here needs numpy, but an object
that looks like one of its arrays is taken without a detour.
"""

import struct
from collections.abc import Iterator, Mapping
from itertools import chain
from math import prod
from typing import Any

FORMATS = {
    "float16": "e",
    "float32": "f",
    "float64": "d",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "bool": "?",
}


class TensorError(ValueError):
    """Numbers that are no tensor; the text says what is wrong and how to mend it."""


def tensor(values: Any, dtype: str = "float32") -> dict[str, Any]:
    """The tensor record of a number, of evenly nested lists of numbers, or of an array (whose own dtype counts).

    Raises TensorError for ragged lists, for what is no number, and for a dtype that does not exist or cannot hold it.
    """
    if hasattr(values, "tobytes") and hasattr(values, "dtype"):
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        return {"dtype": values.dtype.name, "shape": list(values.shape), "data": little.tobytes()}
    shape = _shape(values)
    return {"dtype": dtype, "shape": list(shape), "data": _pack(list(_flat(values, len(shape))), dtype)}


def numbers(record: Mapping[str, Any]) -> Any:
    """The nested lists of a tensor record; a tensor without dimensions gives a plain number.

    Raises TensorError if its data are not as many bytes as its shape and dtype say.
    """
    code, shape, data = _format(record["dtype"]), list(record["shape"]), record["data"]
    count = prod(shape)
    if len(data) != count * struct.calcsize(code):
        raise TensorError(f"a {record['dtype']} tensor of shape {shape} has {len(data)} bytes, not {count} numbers")
    flat = list(struct.unpack(f"<{count}{code}", data))
    return _nest(flat, shape)


def _format(dtype: str) -> str:
    try:
        return FORMATS[dtype]
    except KeyError:
        raise TensorError(f"there is no dtype {dtype!r}; there are: {', '.join(FORMATS)}") from None


def _shape(values: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(values, list | tuple):
        shape.append(len(values))
        if not values:
            break
        values = values[0]
    return tuple(shape)


def _flat(values: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        return iter((values,))
    for _ in range(depth - 1):
        if len({len(row) if isinstance(row, list | tuple) else -1 for row in values}) > 1:
            raise TensorError("the lists are ragged; give every row the same length")
        values = list(chain.from_iterable(values))
    return iter(values)


def _pack(flat: list[Any], dtype: str) -> bytes:
    try:
        return struct.pack(f"<{len(flat)}{_format(dtype)}", *flat)
    except (struct.error, OverflowError):
        raise TensorError(f"{_culprit(flat, dtype)!r} is no {dtype}; give numbers that fit, or another dtype") from None


def _culprit(flat: list[Any], dtype: str) -> Any:
    for value in flat:
        try:
            struct.pack(f"<{FORMATS[dtype]}", value)
        except (struct.error, OverflowError):
            return value
    return flat


def _nest(flat: list[Any], shape: list[int]) -> Any:
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return flat
    step = prod(shape[1:])
    return [_nest(flat[row * step : (row + 1) * step], shape[1:]) for row in range(shape[0])]
