"""Tensors: their size by arithmetic alone, then their values."""

import math
import struct
import tracemalloc
from typing import Annotated, Any

import numpy
import pytest

from schemas.errors import InvalidArgument
from schemas.records import RequestRecord
from schemas.tensor import SIZES, Tensor, TensorRule

RULE = TensorRule(dtypes=("float32", "uint8"), shape=(2, None), minimum=0, maximum=16)


class Picture(RequestRecord):
    image: Annotated[Tensor, RULE.validator]


def picture(dtype: str, shape: list[int], data: bytes) -> dict[str, Any]:
    return {"request_id": "one", "image": {"dtype": dtype, "shape": shape, "data": data}}


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


@pytest.mark.parametrize(
    "record",
    [
        picture("float32", [2, 1], floats(0, 16)),
        picture("uint8", [2, 2], bytes([0, 1, 2, 16])),
        picture("uint8", [2, 5_000], bytes(10_000)),
    ],
)
def test_tensors_that_keep_the_rule(record: dict[str, Any]) -> None:
    assert Picture.check(record).image.data == record["image"]["data"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (picture("float32", [2, 1], floats(0)), r"shape \[2, 1\] of float32 takes 8 bytes, and data has 4"),
        (picture("complex64", [2], b""), "dtype 'complex64' is none of"),
        (picture("float32", [-2, -1], floats(0, 1)), "dimension below 1"),
        (picture("float32", [0], b""), "dimension below 1"),
        (picture("uint8", [1] * 9, b"\x00"), "at most 8 items"),
        (picture("float32", [2, 1], floats(0, math.nan)), "not a finite number"),
        (picture("float32", [2, 1], floats(0, math.inf)), "not a finite number"),
        (picture("float32", [2, 1], floats(-math.inf, 0)), "not a finite number"),
        (picture("float32", [2, 1], floats(math.inf, -math.inf)), "not a finite number"),
        (picture("float32", [2, 1], floats(0, 16.5)), "values must be 0 to 16, found 0 to 16.5"),
        (picture("float32", [2, 1], floats(-1, 3)), "values must be 0 to 16, found -1 to 3"),
        (picture("uint8", [2, 1], bytes([0, 17])), "values must be 0 to 16"),
        (picture("float64", [2, 1], bytes(16)), "dtype must be float32 or uint8, found float64"),
        (picture("uint8", [1, 2], bytes(2)), r"shape must be \[2, any\], found \[1, 2\]"),
        (picture("uint8", [2], bytes(2)), r"shape must be \[2, any\], found \[2\]"),
    ],
)
def test_tensors_that_do_not(record: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message) as refused:
        Picture.check(record)
    assert refused.value.field.startswith("image")


@pytest.mark.parametrize("dtype", sorted(SIZES))
@pytest.mark.parametrize("count", [3, 5_000])
def test_every_dtype_is_checked_small_and_large(dtype: str, count: int) -> None:
    values = numpy.ones(count, dtype)
    tensor = Tensor(dtype=dtype, shape=[count], data=values.tobytes())
    assert len(tensor.data) == count * SIZES[dtype]
    if dtype.startswith("float"):
        values[count // 2] = numpy.nan
        with pytest.raises(ValueError, match="not a finite number"):
            Tensor(dtype=dtype, shape=[count], data=values.tobytes())


def test_the_largest_doubles_are_finite() -> None:
    assert Tensor(dtype="float64", shape=[2], data=struct.pack("<2d", 1.7e308, 1.7e308))


def test_a_shape_that_claims_much_allocates_nothing() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidArgument, match="takes"):
            Picture.check(picture("float32", [2**31 - 1] * 8, bytes(8)))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
