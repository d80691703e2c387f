"""From what came into the inbox to what the engine takes."""

from typing import Any

from sagas.inputs import Input, Reply, ReplyStatus
from sagas.wire.messages import command_from
from streams.sagas.inbox import ATTEMPT, COMMAND, SAGA_ID, InboxEntry


def input_of(entry: InboxEntry) -> tuple[str, Input]:
    """The saga that a command or a reply is for, and the engine's input."""
    if entry.type_name == COMMAND:
        return entry.record["saga_id"], command_from(entry.record)
    headers = dict(entry.headers or ())
    named = headers.get(SAGA_ID) or entry.key or b""
    return named.decode("utf-8", "replace"), reply_from(entry, number(headers.get(ATTEMPT)))


def reply_from(entry: InboxEntry, attempt: int) -> Reply:
    """A participant's result as the engine takes it; which codes are rejections, the saga's definition says."""
    record: dict[str, Any] = entry.record
    if record["status"] == "COMPLETED":
        return Reply(record["request_id"], attempt, ReplyStatus.DONE, entry.type_name, output=record)
    error = record["error"] or {"code": "", "message": "", "retriable": False}
    status = ReplyStatus.RETRIABLE if error["retriable"] else ReplyStatus.FAILED
    return Reply(record["request_id"], attempt, status, entry.type_name, error["code"], error["message"])


def number(text: bytes | None) -> int:
    """A decimal header; 0 for what is none."""
    return int(text) if text is not None and text.isdigit() and len(text) <= 9 else 0
