"""Drives a saga of the catalogue with answers of its own participants."""

from typing import Any

from sagas.catalogue import discover
from sagas.inputs import Reply, ReplyStatus
from tests.saga_driver import Driver

RESULTS = {
    "echo": "sluicegate.echo.EchoResult",
    "embed": "sluicegate.embed.EmbedResult",
    "digits": "sluicegate.digits.DigitsResult",
    "index": "sluicegate.index.IndexResult",
    "ledger": "sluicegate.ledger.LedgerResult",
}
FRAME = {"status": "COMPLETED", "error": None, "model": "m", "model_version": "1", "queue_ms": 0.0, "compute_ms": 0.0}


def drive(name: str, saga_id: str, payload: bytes) -> Driver:
    """A started saga of the catalogue, in its first version."""
    compiled = discover().find(name, 1)
    assert compiled is not None
    return Driver(compiled, saga_id=saga_id).start(payload)


def answer(
    driver: Driver, step: str, output: dict[str, Any] | None = None, *, code: str = "", undo: bool = False
) -> Driver:
    """A participant's answer to the newest command of a step, or of its undo."""
    send = driver.last(step, undo=undo)
    status = ReplyStatus.FAILED if code else ReplyStatus.DONE
    record = None if code else {"request_id": send.request_id, **FRAME, **(output or {})}
    return driver.put(Reply(send.request_id, send.attempt, status, RESULTS[send.lane], code, code, record))
