"""The participants of a harness: the commands that wait for an answer, and answers in all their forms."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from sagas.compiled import Compiled, Request
from sagas.effects import Send
from sagas.inputs import Reply, ReplyStatus
from sagas.instance import Direction, Instance
from sagas.paths import split_path
from sagas.testing.errors import Misused
from sagas.testing.outputs import result_of
from schemas.outcome import Code

_ALWAYS = (Code.INVALID_ARGUMENT,)


def outstanding(sends: list[Send], saga: Instance | None) -> list[Send]:
    """The newest commands whose answers the saga still awaits, in the order they were sent."""
    if saga is None or saga.ended:
        return []
    found = []
    for send in sends:
        state = saga.steps.get(send.step)
        if state is None or state.attempt != send.attempt or state.key != send.request_id:
            continue
        status = state.status if send.direction is Direction.FORWARD else state.undo
        if status == "WAITING":
            found.append(send)
    return found


def request_of(compiled: Compiled, send: Send) -> Request:
    """How a command's answer is awaited."""
    spec = compiled.steps[split_path(send.step)[0]]
    request = spec.request if send.direction is Direction.FORWARD else spec.undo
    assert request is not None
    return request


def done(compiled: Compiled, send: Send, output: Mapping[str, Any] | BaseModel) -> Reply:
    """The answer of a participant that did it. Raises Misused for a field that its result has not."""
    request = request_of(compiled, send)
    record = result_of(request, output, send.request_id)
    return Reply(send.request_id, send.attempt, ReplyStatus.DONE, request.reply_type, output=record)


def rejected(compiled: Compiled, send: Send, code: str, message: str) -> Reply:
    """The answer of a participant that did nothing. Raises Misused for a code that does not say so."""
    request = request_of(compiled, send)
    known = sorted({*request.rejects, *_ALWAYS})
    if code not in known:
        raise Misused(
            f"{request.label} does not take {code!r} for a rejection: it knows {', '.join(known)};"
            " use fail() for a failure that leaves the step in doubt"
        )
    return Reply(send.request_id, send.attempt, ReplyStatus.FAILED, request.reply_type, code, message)


def failed(compiled: Compiled, send: Send, code: str, message: str, retriable: bool) -> Reply:
    """The answer of a participant that failed. Raises Misused for a code that is a rejection."""
    request = request_of(compiled, send)
    if code in request.rejects:
        raise Misused(f"{request.label} takes {code!r} for a rejection: use reject()")
    status = ReplyStatus.RETRIABLE if retriable else ReplyStatus.FAILED
    return Reply(send.request_id, send.attempt, status, request.reply_type, code, message)
