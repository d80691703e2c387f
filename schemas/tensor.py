"""A tensor in a record: bytes with a type and a shape, checked before anything is allocated for it."""

import math
from array import array
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from schemas.records import Record

MAX_DIMENSIONS = 8
SIZES = {
    "float16": 2,
    "float32": 4,
    "float64": 8,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "bool": 1,
}
_LETTERS = {"float32": "f", "float64": "d", "int8": "b", "int16": "h", "int32": "i", "uint8": "B", "uint16": "H"}
_SMALL = 512


class Tensor(Record):
    """`data` is row by row, little-endian, and exactly as long as `dtype` and `shape` say; floats are finite."""

    dtype: str
    shape: Annotated[list[int], Field(max_length=MAX_DIMENSIONS)]
    data: bytes

    def model_post_init(self, context: Any) -> None:
        """Checks the size, by arithmetic alone, and then the values."""
        if self.dtype not in SIZES:
            raise ValueError(f"dtype {self.dtype[:40]!r} is none of {', '.join(SIZES)}")
        if any(size < 1 for size in self.shape):
            raise ValueError(f"shape {self.shape} has a dimension below 1")
        expected = math.prod(self.shape) * SIZES[self.dtype]
        if len(self.data) != expected:
            message = f"shape {self.shape} of {self.dtype} takes {expected} bytes, and data has {len(self.data)}"
            raise ValueError(message)
        if self.dtype.startswith("float") and not all(map(math.isfinite, extremes(self))):
            raise ValueError("data has a value that is not a finite number (NaN or infinite)")


@dataclass(frozen=True, slots=True)
class TensorRule:
    """What a field demands of its tensor, for `Annotated[Tensor, TensorRule(...).validator]`."""

    dtypes: tuple[str, ...]
    shape: tuple[int | None, ...]
    minimum: float = -math.inf
    maximum: float = math.inf

    @property
    def validator(self) -> AfterValidator:
        """The rule as pydantic takes it."""
        return AfterValidator(self.check)

    def check(self, tensor: Tensor) -> Tensor:
        """The tensor, if it keeps the rule; raises ValueError. None in the shape allows any size there."""
        if tensor.dtype not in self.dtypes:
            raise ValueError(f"dtype must be {' or '.join(self.dtypes)}, found {tensor.dtype}")
        fits = len(tensor.shape) == len(self.shape) and all(
            wanted is None or wanted == size for wanted, size in zip(self.shape, tensor.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in self.shape)
            raise ValueError(f"shape must be [{wanted}], found {tensor.shape}")
        if self.minimum > -math.inf or self.maximum < math.inf:
            low, high = extremes(tensor)
            if low < self.minimum or high > self.maximum:
                raise ValueError(f"values must be {self.minimum:g} to {self.maximum:g}, found {low:g} to {high:g}")
        return tensor


def extremes(tensor: Tensor) -> tuple[float, float]:
    """The least and the greatest value; NaN if there is one. An empty tensor does not exist."""
    letter = _LETTERS.get(tensor.dtype)
    if letter is None or len(tensor.data) > _SMALL * SIZES[tensor.dtype]:
        return _large_extremes(tensor)
    values = array(letter, tensor.data)
    if letter in "fd" and math.isnan(sum(values)):
        return math.nan, math.nan
    return min(values), max(values)


def _large_extremes(tensor: Tensor) -> tuple[float, float]:
    """The same through numpy, which is imported only where it pays."""
    import numpy

    values = numpy.frombuffer(tensor.data, numpy.dtype(tensor.dtype).newbyteorder("<"))
    return float(values.min()), float(values.max())
