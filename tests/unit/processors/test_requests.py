"""What digits and embed accept, and what they refuse with the field named."""

from typing import Any

import numpy as np
import pytest

from processors.digits.declaration import DigitsRequest, is_plain
from processors.embed.declaration import TEXT_MOST_CHARACTERS, EmbedRequest, estimated_tokens
from schemas.errors import InvalidArgument


def image(values: Any, dtype: str = "float32", shape: tuple[int, ...] = (8, 8)) -> dict[str, Any]:
    data = np.broadcast_to(np.asarray(values, dtype), shape if np.ndim(values) == 0 else np.shape(values))
    return {"dtype": dtype, "shape": list(shape), "data": np.ascontiguousarray(data).tobytes()}


def one_odd(value: float) -> np.ndarray[Any, Any]:
    values = np.zeros((8, 8), np.float32)
    values[7, 7] = value
    return values


@pytest.mark.parametrize("value", [0.0, 16.0, 0.1, 15.99, -0.0])
def test_an_image_with_values_from_0_to_16_is_right(value: float) -> None:
    DigitsRequest.check({"request_id": "r", "image": image(one_odd(value))})
    DigitsRequest.check({"request_id": "r", "image": image(int(value), "uint8")})


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (image(one_odd(float("nan"))), "not a finite number"),
        (image(one_odd(float("inf"))), "not a finite number"),
        (image(one_odd(-float("inf"))), "not a finite number"),
        (image(one_odd(16.001)), "values must be 0 to 16"),
        (image(one_odd(-0.001)), "values must be 0 to 16"),
        (image(17, "uint8"), "values must be 0 to 16"),
        (image(0.0, shape=(64,)), r"shape must be \[8, 8\]"),
        (image(0.0, shape=(8, 9)), r"shape must be \[8, 8\]"),
        (image(0, "int64"), "dtype must be float32 or uint8"),
        (image(0.0) | {"data": bytes(255)}, "takes 256 bytes, and data has 255"),
        (image(0.0) | {"shape": [1 << 30, 1 << 30]}, "takes 4611686018427387904 bytes"),
        (image(0.0) | {"dtype": "float33"}, "float33"),
        (image(0.0) | {"more": 1}, "Extra inputs"),
        ({"dtype": "float32", "shape": [8, 8]}, "Field required"),
        (None, "Tensor"),
    ],
)
def test_a_wrong_image_is_refused_and_the_field_named(wrong: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem) as caught:
        DigitsRequest.check({"request_id": "r", "image": wrong})
    assert caught.value.field.startswith("image")
    assert not is_plain(wrong)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "at least 1 character"),
        (" \n\t", "only white space"),
        ("x" * (TEXT_MOST_CHARACTERS + 1), f"at most {TEXT_MOST_CHARACTERS} characters"),
        (None, "valid string"),
        (b"bytes", "valid string"),
    ],
)
def test_a_wrong_text_is_refused_and_the_field_named(text: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem) as caught:
        EmbedRequest.check({"request_id": "r", "text": text})
    assert caught.value.field == "text"


def test_a_text_of_the_greatest_length_is_right() -> None:
    EmbedRequest.check({"request_id": "r", "text": "x" * TEXT_MOST_CHARACTERS})


def test_the_cost_of_a_text_grows_with_it_up_to_what_is_read() -> None:
    costs = [estimated_tokens({"text": "x" * length}) for length in (1, 100, 1_000, 10_000)]
    assert costs == sorted(costs)
    assert costs[0] >= 2
    assert costs[-1] == 256
