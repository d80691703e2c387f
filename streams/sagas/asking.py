"""Asks something of a saga and waits for the answer: what every command of `sluicegate saga` that changes one does."""

import asyncio
from typing import Any
from uuid import uuid4

from sagas.inputs import CommandKind
from sagas.wire.messages import LANE
from streams.client.client import Client
from streams.client.result import Result
from streams.settings import Settings


def command(
    kind: CommandKind,
    saga_id: str,
    *,
    saga: str = "",
    version: int = 0,
    payload: bytes = b"",
    step: str = "",
    actor: str = "",
    reason: str = "",
    request_id: str | None = None,
) -> dict[str, Any]:
    """A SagaCommand record."""
    return {
        "request_id": request_id or str(uuid4()),
        "saga_id": saga_id,
        "kind": str(kind),
        "saga": saga,
        "version": version,
        "payload": payload,
        "step": step,
        "actor": actor,
        "reason": reason,
    }


def ask(settings: Settings, record: dict[str, Any], seconds: float) -> Result:
    """The answer to a command. Blocks up to `seconds`.

    Raises InferenceFailed with the orchestrator's reason for a refusal, TimedOut, and what the client raises.
    """

    async def asked() -> Result:
        async with Client(settings, timeout_seconds=seconds) as client:
            return await client.infer(LANE, record, key=record["saga_id"])

    return asyncio.run(asked())
