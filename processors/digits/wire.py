"""Images as one block of bytes, and outcomes as three columns: nothing per record crosses but its pixels."""

from collections.abc import Iterable, Mapping, Sequence
from pickle import PickleBuffer
from typing import Any, NamedTuple

from processors.wire import Part, Wire, check_rows
from schemas.outcome import Completed, Outcome

PROBABILITIES_SHAPE = [10]
_PROBABILITIES_BYTES = 40


class Images(NamedTuple):
    """Images of one number format: their places in the batch, and their pixels one after the other."""

    dtype: str
    rows: Sequence[int]
    pixels: Any


class Answers(NamedTuple):
    """For each image: the label (uint8), the confidence (float32) and ten probabilities (float32), as buffers."""

    labels: Any
    confidences: Any
    probabilities: Any


class DigitsWire(Wire):
    """Packs validated digits requests. One batch is one bucket."""

    @staticmethod
    def pack(records: Sequence[Mapping[str, Any]]) -> list[Images]:
        images = [record["image"] for record in records]
        groups = []
        for dtype in {image["dtype"] for image in images}:
            rows = [row for row, image in enumerate(images) if image["dtype"] == dtype]
            whole = range(len(images)) if len(rows) == len(images) else rows
            groups.append(Images(dtype, whole, PickleBuffer(_joined(images[row]["data"] for row in rows))))
        return groups

    @staticmethod
    def unpack(payload: Any) -> Any:
        return payload

    @staticmethod
    def pack_outcomes(parts: Sequence[Part], count: int) -> Answers:
        check_rows(parts, count)
        ((_, answers),) = parts
        return Answers(*(PickleBuffer(column) for column in answers))

    @staticmethod
    def unpack_outcomes(payload: Any, count: int) -> list[Outcome]:
        labels, confidences = bytes(payload.labels), memoryview(payload.confidences).cast("f")
        data = bytes(payload.probabilities)
        size = _PROBABILITIES_BYTES
        return [
            Completed(
                {
                    "label": label,
                    "confidence": confidence,
                    "probabilities": {
                        "dtype": "float32", "shape": PROBABILITIES_SHAPE, "data": data[row * size : (row + 1) * size]
                    },
                }
            )
            for row, (label, confidence) in enumerate(zip(labels, confidences, strict=True))
        ]  # fmt: skip


def _joined(chunks: Iterable[bytes]) -> bytearray:
    """One block that torch may use as it is; it wants memory that can be written to."""
    return bytearray().join(chunks)
