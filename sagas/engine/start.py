"""Starts: of a new saga, or of one that is there already."""

import hashlib
import json
from typing import Any

from pydantic import ValidationError

from sagas.apply import apply
from sagas.catalogue import Catalogue
from sagas.compiled import Compiled
from sagas.effects import Answered
from sagas.engine.turn import SagaFault, Turn, call
from sagas.events import EventKind, HistoryEvent
from sagas.inputs import Command
from sagas.instance import Instance
from sagas.limits import Limits, shortened
from sagas.policy import OnDuplicate
from sagas.refusal import Refusal
from schemas.outcome import Code
from schemas.records import first_problem

# Made once: json.dumps makes one for each call that sorts.
_sorted = json.JSONEncoder(sort_keys=True).encode


def start(catalogue: Catalogue, saga_id: str, command: Command, now_ms: int, limits: Limits) -> Turn | Answered:
    """A turn with the new saga in it, or the refusal."""
    compiled = catalogue.find(command.saga, command.version)
    if compiled is None:
        return Answered(False, catalogue.missing(command.saga, command.version), Refusal.SAGA_UNKNOWN)
    digest = digest_of(command.payload)
    try:
        message = compiled.start.__pydantic_validator__.validate_json(command.payload)
        data = _first_data(compiled, saga_id, message)
    except ValidationError as error:
        field, problem = first_problem(error)
        return Answered(False, shortened(f"start of {command.saga}: {field}: {problem}"), Code.INVALID_ARGUMENT)
    except SagaFault as fault:
        return Answered(False, fault.reason, Code.INVALID_ARGUMENT)
    assert digest is not None
    return _begun(compiled, saga_id, command, digest, data, now_ms, limits)


def again(instance: Instance, compiled: Compiled | None, command: Command) -> Answered:
    """The answer to a start of a saga that is there, running or ended."""
    if command.saga != instance.saga or digest_of(command.payload) != instance.start_digest:
        known = f"saga {instance.saga_id!r} is a {instance.saga} that was started with another message"
        return Answered(False, f"{known}: choose another id", Code.REQUEST_ID_CONFLICT)
    if compiled is not None and compiled.on_duplicate_start is OnDuplicate.REJECT:
        reason = f"saga {instance.saga_id!r} was started before, and is {instance.status}"
        return Answered(False, reason, Refusal.SAGA_REFUSED)
    return Answered(True, f"started before; it is {instance.status}")


def digest_of(payload: bytes) -> str | None:
    """The same for the same JSON value, however it is written; None for what is no JSON."""
    try:
        text = _sorted(json.loads(payload))
    except (ValueError, RecursionError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _first_data(compiled: Compiled, saga_id: str, message: Any) -> bytes:
    named = call("", "saga_id()", compiled.saga_id, message)
    if named != saga_id:
        raise SagaFault("", f"the start message is for saga {named!r}, the command for {saga_id!r}: send it there")
    data = call("", "initial()", compiled.initial, message)
    if not isinstance(data, compiled.data):
        raise SagaFault("", f"initial() returned {type(data).__name__}: return {compiled.data.__name__}")
    written: bytes = call("", "writing the first data", compiled.data.__pydantic_serializer__.to_json, data)
    call("", "reading the first data", compiled.data.__pydantic_validator__.validate_json, written)
    return written


def _begun(
    compiled: Compiled, saga_id: str, command: Command, digest: str, data: bytes, now_ms: int, limits: Limits
) -> Turn:
    body: dict[str, Any] = {"digest": digest}
    if compiled.deadline is not None:
        body["deadline_ms"] = now_ms + compiled.deadline.ms
    event = HistoryEvent(
        saga_id, now_ms, 0, now_ms, compiled.name, compiled.version, compiled.hash, EventKind.STARTED,
        actor=command.actor, reason=command.reason, body=body, data=data,
    )  # fmt: skip
    instance = apply(None, event)
    assert instance is not None
    turn = Turn(instance, compiled, now_ms, limits)
    turn.events.append(event)
    turn.accept("started")
    return turn
