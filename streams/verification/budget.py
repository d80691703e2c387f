"""How the memory that a verification may take is shared out."""

from dataclasses import dataclass
from typing import Self

from streams.verification.pages import BYTES
from streams.verification.repeats import ID_BYTES

TWIN_BYTES = 800


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pages of requests, how many ids (twice: see `repeats.Ids`) and how many twins are kept."""

    pages: int
    ids: int
    twins: int

    @classmethod
    def of(cls, mebibytes: int) -> Self:
        """What fits: half of it pages, a third ids, the rest twins; the readers' own buffers come on top."""
        room = mebibytes * 1_048_576
        return cls(room // 2 // BYTES, room // 3 // (2 * ID_BYTES), room // 6 // TWIN_BYTES)
