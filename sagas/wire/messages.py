"""What else sagas publish and read, as records of their schemas."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from sagas import values
from sagas.compiled import Compiled
from sagas.effects import AttentionRaised, Ended
from sagas.inputs import Command, CommandKind
from sagas.records import MAX_SAGA_ID
from schemas.records import RequestRecord

LANE = "sagas"
"""The lane whose requests are commands to sagas; its schemas are those of this package."""


class SagaCommand(RequestRecord):
    """A request to a saga, as the inbox carries it."""

    saga_id: Annotated[str, Field(min_length=1, max_length=MAX_SAGA_ID)]
    kind: Annotated[CommandKind, Field(strict=False)]
    saga: Annotated[str, Field(max_length=200)] = ""
    version: Annotated[int, Field(ge=0)] = 0
    payload: bytes = b""
    step: Annotated[str, Field(max_length=200)] = ""
    actor: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str, Field(max_length=1_000)] = ""


def command_from(record: Mapping[str, Any]) -> Command:
    """The engine's input for a checked SagaCommand record."""
    return Command(
        CommandKind(record["kind"]), record["saga"], record["version"], record["payload"], record["step"],
        record["actor"], record["reason"], record["request_id"],
    )  # fmt: skip


def outcome_record(saga_id: str, ended: Ended) -> dict[str, Any]:
    """The SagaOutcome of a saga's end."""
    return {
        "saga_id": saga_id,
        "saga": ended.saga,
        "version": ended.version,
        "run": ended.run,
        "status": ended.status,
        "data": ended.data,
        "reason": ended.reason,
        "started_ms": ended.started_ms,
        "ended_ms": ended.ended_ms,
    }


def attention_record(saga_id: str, raised: AttentionRaised) -> dict[str, Any]:
    """The SagaAttention of a saga that was parked."""
    return {
        "saga_id": saga_id,
        "saga": raised.saga,
        "version": raised.version,
        "since_ms": raised.since_ms,
        "step": raised.step,
        "direction": raised.direction,
        "reason": raised.reason,
    }


def definition_key(name: str, version: int) -> bytes:
    """The key of a definition's record."""
    return f"{name}/{version}".encode()


def definition_record(compiled: Compiled) -> dict[str, Any]:
    """The SagaDefinition of a compiled definition."""
    form = values.dumps(compiled.form()).decode()
    return {"name": compiled.name, "version": compiled.version, "hash": compiled.hash, "form": form}
