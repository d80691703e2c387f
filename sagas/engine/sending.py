"""Commands to participants, made by the saga's functions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from sagas import values
from sagas.compiled import Request, StepSpec
from sagas.effects import Send
from sagas.engine.turn import SagaFault, Turn, call
from sagas.events import EventKind
from sagas.instance import Direction, StepState
from sagas.keys import step_key
from sagas.paths import split_path
from sagas.undo import Done, InDoubt


def send_step(turn: Turn, path: str, spec: StepSpec, *, fresh: bool = False, actor: str = "", reason: str = "") -> None:
    """Sends a step's command: its first, or another attempt; `fresh` begins a new budget of attempts."""
    arguments = arguments_of(turn, path, spec)
    state, saga = turn.instance.steps.get(path), turn.instance
    key = state.key if state is not None and state.key else step_key(saga.saga_id, saga.run, path, Direction.FORWARD)
    attempt = 1 if state is None else state.attempt + 1
    record = _record(path, spec.request, key, call(path, spec.request.label, spec.request.function, *arguments))
    kafka_key = _kafka_key(path, spec.request, key, arguments)
    draft = Draft(Direction.FORWARD, spec.request, record, key, kafka_key, attempt)
    _emit(turn, path, draft, fresh, actor, reason)


def send_undo(turn: Turn, path: str, spec: StepSpec, *, fresh: bool = False, actor: str = "", reason: str = "") -> None:
    """Sends a step's compensation: the first, or another attempt."""
    assert spec.undo is not None
    arguments = arguments_of(turn, path, spec)
    state, saga = turn.instance.steps[path], turn.instance
    forward = step_key(saga.saga_id, saga.run, path, Direction.FORWARD)
    key = step_key(saga.saga_id, saga.run, path, Direction.BACKWARD)
    attempt = state.attempt + 1 if state.undo_open else 1
    outcome = _outcome(path, spec, state, forward)
    record = _record(path, spec.undo, key, call(path, spec.undo.label, spec.undo.function, *arguments, outcome))
    kafka_key = _kafka_key(path, spec.undo, forward, arguments)
    draft = Draft(Direction.BACKWARD, spec.undo, record, key, kafka_key, attempt)
    _emit(turn, path, draft, fresh, actor, reason)


def arguments_of(turn: Turn, path: str, spec: StepSpec) -> tuple[Any, ...]:
    """What a step's functions get first: the data, and in a loop the item."""
    data = turn.data(path)
    if spec.loop is None:
        return (data,)
    _, index = split_path(path)
    assert index is not None
    return data, item_of(spec, values.loads(turn.instance.groups[spec.name].items)[index])


def item_of(spec: StepSpec, recorded: Any) -> Any:
    """A loop's recorded item, as its functions get it."""
    if spec.item is None:
        return values.untagged(recorded)
    return call(spec.name, "reading an item", spec.item.validate_json, values.dumps(recorded))


def _outcome(path: str, spec: StepSpec, state: StepState, key: str) -> Any:
    if not state.result:
        return InDoubt(key)
    model = spec.request.reply
    if model is None:
        return Done(values.untagged(values.loads(state.result)), key)
    reply = call(path, f"reading the reply of {path}", model.__pydantic_validator__.validate_json, state.result)
    return Done(reply, key)


def _record(path: str, request: Request, key: str, fields: Any) -> dict[str, Any]:
    if fields.__class__ is not dict and isinstance(fields, BaseModel):
        fields = fields.model_dump()
    if fields.__class__ is not dict and not isinstance(fields, Mapping):
        raise SagaFault(
            path, f"{request.label} returned {type(fields).__name__}: return the fields of {request.type_name}"
        )
    if "request_id" in fields:
        raise SagaFault(path, f"{request.label} returned a request_id: leave it out, it is the idempotency key")
    return {**fields, "request_id": key}


def _kafka_key(path: str, request: Request, key: str, arguments: tuple[Any, ...]) -> bytes:
    if request.key is None:
        return key.encode()
    named = call(path, f"the key of {request.label}", request.key, *arguments)
    if not isinstance(named, str):
        raise SagaFault(path, f"the key of {request.label} is {type(named).__name__}: return text")
    written: bytes = call(path, f"writing the key of {request.label}", named.encode)
    return written


class Draft(NamedTuple):
    """A command that is made and not yet sent."""

    direction: Direction
    request: Request
    record: dict[str, Any]
    key: str
    kafka_key: bytes
    attempt: int


def _emit(turn: Turn, path: str, draft: Draft, fresh: bool, actor: str, reason: str) -> None:
    request = draft.request
    body = call(path, request.writing, request.encode, draft.record)
    if len(body) > turn.limits.command:
        size = f"{request.label} made a command of {len(body)} bytes; the limit is {turn.limits.command}"
        raise SagaFault(path, size)
    said: dict[str, Any] = {"key": draft.key}
    if fresh:
        said["fresh"] = True
    answer_ms, queue_ms = request.timeout.answer_ms, request.timeout.queue_ms
    if answer_ms is not None:
        said["answer_by_ms"] = turn.now_ms + answer_ms
    kind = EventKind.STEP_SENT if draft.direction is Direction.FORWARD else EventKind.UNDO_SENT
    turn.record(kind, path, draft.attempt, body=said, actor=actor, reason=reason)
    turn.sends.append(
        Send(
            path, draft.direction, request.topic, request.lane, request.type_name, draft.record, body, draft.kafka_key,
            draft.key, draft.attempt, turn.instance.run, None if queue_ms is None else turn.now_ms + queue_ms,
        )
    )  # fmt: skip
