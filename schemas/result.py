"""A result: the record that tells a client its request's outcome."""

from collections.abc import Mapping
from typing import Any

from schemas.avro_schema import AvroSchema
from schemas.outcome import Completed, Outcome

BEFORE = ("request_id", "status")
AFTER = ("error", "model", "model_version", "queue_ms", "compute_ms")
STATUSES = ("COMPLETED", "FAILED")


def result_record(
    request_id: str, outcome: Outcome, model: str, model_version: str, queue_ms: float, compute_ms: float
) -> dict[str, Any]:
    """The result record of an outcome. `queue_ms` is from the request's timestamp to the start of inference."""
    common: dict[str, Any] = {
        "request_id": request_id,
        "status": "COMPLETED",
        "error": None,
        "model": model,
        "model_version": model_version,
        "queue_ms": queue_ms,
        "compute_ms": compute_ms,
    }
    if isinstance(outcome, Completed):
        return {**outcome.output, **common}
    common["status"] = "FAILED"
    common["error"] = {
        "code": outcome.code,
        "message": writable(outcome.message),
        "retriable": outcome.retriable,
        "details": {writable(name): writable(text) for name, text in outcome.details.items()},
    }
    return common


def writable(text: str) -> str:
    """The text as UTF-8 can have it: half of a surrogate pair, which JSON may bring along, is a question mark.

    A failure quotes what was sent to us, and one that can't be written would be tried again for ever.
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def result_problems(schema: AvroSchema) -> list[str]:
    """What a result schema lacks of the fields that all results share; empty when it has them all, in order."""
    fields: list[Mapping[str, Any]] = schema.definition.get("fields", [])
    names = tuple(field["name"] for field in fields)
    found = []
    if names[: len(BEFORE)] != BEFORE:
        found.append(f"{schema.name} must begin with {', '.join(BEFORE)}, found {', '.join(names[: len(BEFORE)])}")
    if names[-len(AFTER) :] != AFTER:
        found.append(f"{schema.name} must end with {', '.join(AFTER)}, found {', '.join(names[-len(AFTER) :])}")
    found += [
        f"{schema.name}.{field['name']} must be nullable with null as its default: a failure has no output"
        for field in fields[len(BEFORE) : -len(AFTER)]
        if not isinstance(field["type"], list) or field["type"][:1] != ["null"] or field.get("default", 0) is not None
    ]
    return found
