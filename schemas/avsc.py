"""The `.avsc` files of this package: the source of truth for what travels."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from schemas.avro_schema import AvroSchema
from schemas.errors import Misconfigured

Role = Literal["request", "result"]
FOLDER = Path(__file__).parent / "avro"


def lanes() -> list[str]:
    """The lanes that have a request schema, sorted."""
    return sorted(path.parent.name for path in FOLDER.glob("*/request.avsc"))


@lru_cache(maxsize=256)
def load(lane: str, role: Role) -> AvroSchema:
    """A lane's request or result schema; raises Misconfigured when there is no such file."""
    path = FOLDER / lane / f"{role}.avsc"
    if not path.is_file():
        known = ", ".join(lanes())
        raise Misconfigured(f"{lane!r} has no {role} schema; there are schemas for {known}: add {path}")
    return AvroSchema.file(path)
