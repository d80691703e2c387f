"""`digits` reads a handwritten digit of 8 x 8 pixels."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import ValidatorFunctionWrapHandler, WrapValidator

from processors import manifest
from processors.contract import BatchPolicy, Declaration
from processors.digits.wire import DigitsWire
from schemas.records import RequestRecord
from schemas.tensor import Tensor, TensorRule

PIXELS = TensorRule(dtypes=("float32", "uint8"), shape=(8, 8), minimum=0, maximum=16)
_SHAPE = [8, 8]
_LEGAL_BYTES = bytes(range(17))
_SIXTEEN_AS_BITS = 0x41800000


def is_plain(image: Any) -> bool:
    """Whether an image is right at first sight. Takes a few microseconds; what it doubts may still be right.

    Floats from 0 to 16 are in the order of their bits, and negative ones, NaN and infinity are beyond them.
    """
    if not isinstance(image, dict) or len(image) != 3 or image.get("shape") != _SHAPE:
        return False
    dtype, data = image.get("dtype"), image.get("data")
    if not isinstance(data, bytes):
        return False
    if dtype == "uint8":
        return len(data) == 64 and not data.translate(None, _LEGAL_BYTES)
    return dtype == "float32" and len(data) == 256 and max(memoryview(data).cast("I")) <= _SIXTEEN_AS_BITS


def check_image(image: Any, to_tensor: ValidatorFunctionWrapHandler) -> Any:
    """The image, if it is one; raises ValueError. The common case does not pay for a Tensor that nobody reads."""
    return image if is_plain(image) else PIXELS.check(to_tensor(image))


class DigitsRequest(RequestRecord):
    """An image: float32 or uint8, 8 x 8, 0 (paper) to 16 (ink)."""

    image: Annotated[Tensor, WrapValidator(check_image)]


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
