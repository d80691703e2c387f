"""How batches become payloads and come back."""

import pickle
from typing import Any

import numpy as np
import pytest

from processors.digits.wire import Answers, DigitsWire
from processors.embed.wire import Embeddings, EmbedWire
from processors.wire import MisalignedOutcomes, RecordsWire, Wire
from schemas.outcome import Code, Completed, Failed

FAILED = Failed(Code.PROCESSOR_FAILED, "why", retriable=True, details={"a": "b"})


def crossed(payload: Any) -> Any:
    """The payload, after it went to another process."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(payload, 5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytearray(buffer.raw()) for buffer in buffers])


def test_records_and_outcomes_come_back_in_order_whatever_bucket_they_were_in() -> None:
    records = [{"request_id": str(number)} for number in range(4)]
    assert RecordsWire.unpack(crossed(RecordsWire.pack(records))) == records
    first, last = Completed({"payload": b"1"}), Completed({"payload": b"2"})
    packed = RecordsWire.pack_outcomes([([3, 0], [last, FAILED]), ([1, 2], [first, first])], 4)
    assert RecordsWire.unpack_outcomes(crossed(packed), 4) == [FAILED, first, first, last]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([([0, 1], [FAILED])], "1 outcomes for 2 records"),
        ([([0], [FAILED])], "a batch of 2"),
        ([([0, 0], [FAILED, FAILED])], "a batch of 2"),
        ([([0, 1], [FAILED, None])], "returned a NoneType"),
    ],
)
def test_outcomes_that_do_not_fit_the_batch_are_refused(parts: Any, problem: str) -> None:
    with pytest.raises(MisalignedOutcomes, match=problem):
        RecordsWire.pack_outcomes(parts, 2)


def test_images_of_two_formats_keep_their_rows() -> None:
    floats = np.arange(64, dtype=np.float32).tobytes()
    images = [("uint8", bytes(64)), ("float32", floats), ("uint8", bytes([1] * 64))]
    records = [{"image": {"dtype": dtype, "shape": [8, 8], "data": data}} for dtype, data in images]
    groups = {group.dtype: group for group in DigitsWire.unpack(crossed(DigitsWire.pack(records)))}
    assert list(groups["uint8"].rows) == [0, 2]
    assert bytes(groups["uint8"].pixels) == bytes(64) + bytes([1] * 64)
    assert list(groups["float32"].rows) == [1]
    assert bytes(groups["float32"].pixels) == floats


def test_digits_answers_become_outcomes() -> None:
    probabilities = np.linspace(0, 1, 20, dtype=np.float32).reshape(2, 10)
    answers = Answers(np.array([9, 3], np.uint8), probabilities.max(1), probabilities)
    outcomes = DigitsWire.unpack_outcomes(crossed(DigitsWire.pack_outcomes([(range(2), answers)], 2)), 2)
    for row, outcome in enumerate(outcomes):
        assert isinstance(outcome, Completed)
        assert outcome.output == {
            "label": (9, 3)[row],
            "confidence": float(probabilities[row].max()),
            "probabilities": {"dtype": "float32", "shape": [10], "data": probabilities[row].tobytes()},
        }


def test_embeddings_of_several_buckets_find_their_rows() -> None:
    floats = np.arange(3 * 384, dtype=np.float32).reshape(3, 384)
    parts = [([2, 0], Embeddings(floats[:2], [7, 5])), ([1], Embeddings(floats[2:], [4]))]
    outcomes = EmbedWire.unpack_outcomes(crossed(EmbedWire.pack_outcomes(parts, 3)), 3)
    for outcome, place, tokens in zip(outcomes, (1, 2, 0), (5, 4, 7), strict=True):
        assert isinstance(outcome, Completed)
        assert outcome.output["tokens"] == tokens
        assert outcome.output["embedding"] == {"dtype": "float32", "shape": [384], "data": floats[place].tobytes()}


@pytest.mark.parametrize("wire", [RecordsWire, DigitsWire, EmbedWire])
def test_a_row_without_an_answer_is_refused(wire: type[Wire]) -> None:
    with pytest.raises(MisalignedOutcomes):
        wire.pack_outcomes([([0], [])], 2)
