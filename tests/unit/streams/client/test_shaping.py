"""From JSON and typed arguments to records."""

import base64

import pytest

from schemas.avro_schema import AvroSchema
from schemas.avsc import load
from schemas.fit import Misfit
from streams.client.lines import typed
from streams.client.shaping import Shaper, plain
from streams.client.tensors import tensor

IMAGE = [[float(row * 8 + column) for column in range(8)] for row in range(8)]
DIGITS = Shaper(load("digits", "request"))


def test_nested_lists_become_a_tensor() -> None:
    assert DIGITS.record({"request_id": "a", "image": IMAGE}) == {"request_id": "a", "image": tensor(IMAGE)}


def test_lists_with_a_dtype_become_a_tensor_of_it() -> None:
    record = DIGITS.record({"request_id": "a", "image": {"dtype": "uint8", "data": [[1, 2]]}})
    assert record["image"] == {"dtype": "uint8", "shape": [1, 2], "data": b"\1\2"}


def test_a_tensor_with_base64_is_taken_as_it_is() -> None:
    made = tensor(IMAGE)
    assert DIGITS.record({"request_id": "a", "image": plain(made)})["image"] == made


def test_a_shape_that_contradicts_the_lists_is_refused() -> None:
    with pytest.raises(Misfit, match="image: the shape is given as"):
        DIGITS.record({"request_id": "a", "image": {"dtype": "uint8", "shape": [3], "data": [[1, 2]]}})


@pytest.mark.parametrize(
    ("image", "message"),
    [([[1, 2], [3]], "ragged"), ("AAAA", "Tensor"), ({"dtype": "float32", "shape": [1], "data": "%"}, "base64")],
)
def test_what_is_no_tensor_is_refused_with_its_field(image: object, message: str) -> None:
    with pytest.raises(Misfit, match=message) as caught:
        DIGITS.record({"request_id": "a", "image": image})
    assert caught.value.path.startswith("image")


def test_bytes_travel_as_base64_in_json() -> None:
    shaper = Shaper(load("echo", "request"))
    payload = base64.b64encode(b"\0\xff").decode()
    assert shaper.record({"request_id": "a", "payload": payload})["payload"] == b"\0\xff"
    with pytest.raises(Misfit, match="payload"):
        shaper.record({"request_id": "a", "payload": "not base64!"})


def test_typed_text_is_the_bytes_themselves() -> None:
    shaper = Shaper(load("echo", "request"), typed)
    assert shaper.record({"request_id": "a", "payload": "hé"})["payload"] == "hé".encode()


def test_typed_tensors_are_json() -> None:
    shaper = Shaper(load("digits", "request"), typed)
    assert shaper.record({"request_id": "7", "image": str(IMAGE)})["image"] == tensor(IMAGE)


def test_typed_values_follow_the_kind_of_a_nullable_field() -> None:
    fields = [{"name": "count", "type": ["null", "int"], "default": None}, {"name": "name", "type": "string"}]
    shaper = Shaper(AvroSchema.read({"type": "record", "name": "Some", "fields": fields}), typed)
    assert shaper.record({"count": "5", "name": "5"}) == {"count": 5, "name": "5"}
    with pytest.raises(Misfit, match="count: 'x' is no int"):
        shaper.record({"count": "x", "name": "5"})


@pytest.mark.parametrize("value", [{"request_id": "a"}, {"request_id": "a", "image": IMAGE, "imgae": 1}])
def test_a_missing_or_unknown_field_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(Misfit):
        DIGITS.record(value)
