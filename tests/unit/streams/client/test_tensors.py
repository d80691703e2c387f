"""Tensors from lists and arrays, and back."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from streams.client.tensors import FORMATS, TensorError, numbers, tensor


def test_nested_lists_become_little_endian_bytes_row_by_row() -> None:
    made = tensor([[1, 2], [3, 4]], "int16")
    assert made == {"dtype": "int16", "shape": [2, 2], "data": b"\1\0\2\0\3\0\4\0"}


def test_an_array_is_taken_with_its_own_dtype() -> None:
    array = numpy.arange(6, dtype="float32").reshape(2, 3)
    made = tensor(array)
    assert (made["dtype"], made["shape"]) == ("float32", [2, 3])
    assert numbers(made) == array.tolist()


def test_an_array_in_another_order_is_written_row_by_row() -> None:
    array = numpy.arange(6, dtype="int32").reshape(2, 3).T
    assert numbers(tensor(array)) == array.tolist()


def test_a_big_endian_array_is_written_little_endian() -> None:
    array = numpy.array([1.5, 2.5], dtype=">f4")
    assert tensor(array) == tensor([1.5, 2.5])


def test_the_formats_are_numpys_own() -> None:
    for dtype in FORMATS:
        array = numpy.array([0, 1, 1], dtype=dtype)
        assert numbers(tensor(array.tolist(), dtype)) == array.tolist()
        assert tensor(array.tolist(), dtype)["data"] == array.tobytes()


@given(some.lists(some.lists(some.integers(-1000, 1000), min_size=3, max_size=3), min_size=1, max_size=5))
def test_lists_come_back_as_they_went(rows: list[list[int]]) -> None:
    assert numbers(tensor(rows, "int32")) == rows


@pytest.mark.parametrize("rows", [[[1, 2], [3]], [[1], 2], [[[1]], [[1, 2]]]])
def test_ragged_lists_are_refused(rows: list[object]) -> None:
    with pytest.raises(TensorError, match="ragged"):
        tensor(rows)


def test_what_does_not_fit_the_dtype_is_named() -> None:
    with pytest.raises(TensorError, match="300 is no uint8"):
        tensor([1, 300], "uint8")
    with pytest.raises(TensorError, match="'x' is no float32"):
        tensor([1.0, "x"])


def test_an_unknown_dtype_lists_those_that_exist() -> None:
    with pytest.raises(TensorError, match="float32"):
        tensor([1], "complex64")


def test_bytes_that_do_not_fit_the_shape_are_refused() -> None:
    with pytest.raises(TensorError, match="not 3 numbers"):
        numbers({"dtype": "uint8", "shape": [3], "data": b"\1\2"})
