"""Texts as one column, and embeddings as blocks of floats: nothing per record crosses but its text."""

from collections.abc import Mapping, Sequence
from pickle import PickleBuffer
from typing import Any, NamedTuple

from processors.wire import Part, Wire, check_rows
from schemas.outcome import Completed, Outcome

EMBEDDING_SHAPE = [384]
_EMBEDDING_BYTES = 384 * 4


class Embeddings(NamedTuple):
    """What a bucket became: floats [rows, 384] (float32, as a buffer), and how many tokens each text had."""

    floats: Any
    tokens: Sequence[int]


class EmbedWire(Wire):
    """Packs validated embed requests."""

    @staticmethod
    def pack(records: Sequence[Mapping[str, Any]]) -> list[str]:
        return [record["text"] for record in records]

    @staticmethod
    def unpack(payload: Any) -> Any:
        return payload

    @staticmethod
    def pack_outcomes(parts: Sequence[Part], count: int) -> list[tuple[Sequence[int], Any, Sequence[int]]]:
        check_rows(parts, count)
        return [(rows, PickleBuffer(embeddings.floats), embeddings.tokens) for rows, embeddings in parts]

    @staticmethod
    def unpack_outcomes(payload: Any, count: int) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        for rows, floats, tokens in payload:
            data = memoryview(floats).cast("B")
            for place, (row, tokens_of_row) in enumerate(zip(rows, tokens, strict=True)):
                begin = place * _EMBEDDING_BYTES
                floats_of_row = bytes(data[begin : begin + _EMBEDDING_BYTES])
                embedding = {"dtype": "float32", "shape": EMBEDDING_SHAPE, "data": floats_of_row}
                outcomes[row] = Completed({"embedding": embedding, "tokens": tokens_of_row})
        return [outcomes[row] for row in range(count)]
