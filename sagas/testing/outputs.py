"""What a participant puts into its result, for tests."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from sagas.compiled import Request
from sagas.testing.errors import Misused
from schemas import avsc
from schemas.result import AFTER, BEFORE

_FRAME = frozenset((*BEFORE, *AFTER))


def output_fields(request: Request) -> list[str]:
    """The names of the fields that a lane's result has of its own."""
    fields = avsc.load(request.lane, "result").definition["fields"]
    return [field["name"] for field in fields if field["name"] not in _FRAME]


def result_of(request: Request, given: Mapping[str, Any] | BaseModel, request_id: str) -> dict[str, Any]:
    """A COMPLETED result record; fields that are not given are null. Raises Misused for one that it has not."""
    fields = given.model_dump() if isinstance(given, BaseModel) else dict(given)
    known = output_fields(request)
    for name in fields:
        if name not in known:
            raise Misused(f"{request.reply_type} has no field {name!r}: it has {', '.join(known) or 'none'}")
    common = {"request_id": request_id, "status": "COMPLETED", "error": None, "model": "", "model_version": ""}
    return {**dict.fromkeys(known), **fields, **common, "queue_ms": 0.0, "compute_ms": 0.0}
