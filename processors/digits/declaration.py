"""`digits` reads a handwritten digit of 8 x 8 pixels."""

from pathlib import Path
from typing import Annotated

from processors import manifest
from processors.contract import BatchPolicy, Declaration
from processors.digits.wire import DigitsWire
from schemas.records import RequestRecord
from schemas.tensor import Tensor, TensorRule

PIXELS = TensorRule(dtypes=("float32", "uint8"), shape=(8, 8), minimum=0, maximum=16)


class DigitsRequest(RequestRecord):
    """An image: float32 or uint8, 8 x 8, 0 (paper) to 16 (ink)."""

    image: Annotated[Tensor, PIXELS.validator]


_model = manifest.read(Path(__file__).parent)

declaration = Declaration(
    name="digits",
    implementation="processors.digits.processor:Digits",
    request=DigitsRequest,
    model=_model.name,
    model_version=_model.version,
    batch=BatchPolicy(size=256, wait_ms=3.0),
    wire=DigitsWire,
)
