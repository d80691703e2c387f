"""What the end of one attempt means for its step, or for its undo."""

from collections.abc import Mapping
from typing import Any

from sagas import values
from sagas.compiled import Request, StepSpec
from sagas.engine.advance import park
from sagas.engine.sending import arguments_of
from sagas.engine.turn import Turn, call
from sagas.events import NOTHING, EventKind
from sagas.instance import Status, StepState
from sagas.policy import Kind
from schemas.result import AFTER, BEFORE

_FRAME = frozenset((*BEFORE, *AFTER))


def step_done(
    turn: Turn,
    path: str,
    spec: StepSpec,
    attempt: int,
    output: Any,
    said: Mapping[str, Any] = NOTHING,
    *,
    actor: str = "",
    reason: str = "",
) -> None:
    """The step is done: its reply changes the data, unless the saga compensates. Raises SagaFault."""
    reply = _reply(path, spec, output)
    data = None
    if spec.replied is not None and turn.forward:
        label = spec.replying
        data = turn.changed(path, label, call(path, label, spec.replied, *arguments_of(turn, path, spec), reply))
    kept = call(path, "writing the reply", _kept, spec, reply) if spec.keeps_result else None
    body = said
    if spec.kind is Kind.PIVOT:
        body = {**said, "pivot": True}
    turn.record(EventKind.STEP_DONE, path, attempt, body=body, data=data, result=kept, actor=actor, reason=reason)


def step_upgraded(turn: Turn, path: str, spec: StepSpec, attempt: int, output: Any) -> None:
    """A step in doubt was done after all, before its undo was sent. Raises SagaFault."""
    kept = call(path, "writing the reply", _kept, spec, _reply(path, spec, output))
    turn.record(EventKind.STEP_UPGRADED, path, attempt, result=kept)


def step_rejected(turn: Turn, path: str, attempt: int, reason: str, said: dict[str, Any], actor: str = "") -> None:
    """Nothing was done. After the pivot that can't be: an operator has to help."""
    if turn.instance.pivoted:
        turn.record(EventKind.STEP_FAILED, path, attempt, body=said, reason=reason)
        park(turn, path, f"step {path} was rejected: {reason}")
        return
    turn.record(EventKind.STEP_REJECTED, path, attempt, body=said, reason=reason, actor=actor)
    turn.why = f"step {path} was rejected: {reason}"


def step_failed(turn: Turn, path: str, spec: StepSpec, state: StepState, reason: str, said: dict[str, Any]) -> None:
    """An attempt of a step failed, or was not answered in time: another follows, or the step is left in doubt."""
    if not turn.forward:
        turn.record(EventKind.STEP_IN_DOUBT, path, state.attempt, body=said, reason=reason)
        return
    if _tried_again(turn, EventKind.STEP_FAILED, path, spec.request, state, reason, said):
        return
    if turn.instance.pivoted or spec.kind is Kind.PIVOT or not _exhausted(spec.request, state):
        turn.record(EventKind.STEP_FAILED, path, state.attempt, body=said, reason=reason)
        park(turn, path, f"step {path} failed {_tries(state)} times, lastly: {reason}")
        return
    turn.record(EventKind.STEP_IN_DOUBT, path, state.attempt, body=said, reason=reason)
    turn.why = f"step {path} is in doubt: {reason}"


def undo_failed(turn: Turn, path: str, spec: StepSpec, state: StepState, reason: str, said: dict[str, Any]) -> None:
    """An attempt of an undo failed: another follows, or the saga is parked. An undo is never given up."""
    assert spec.undo is not None
    if not _tried_again(turn, EventKind.UNDO_FAILED, path, spec.undo, state, reason, said):
        undo_stalled(turn, path, state, reason, said)


def undo_stalled(turn: Turn, path: str, state: StepState, reason: str, said: dict[str, Any]) -> None:
    """An undo that only an operator can help."""
    turn.record(EventKind.UNDO_FAILED, path, state.attempt, body=said, reason=reason)
    park(turn, path, f"the undo of {path} failed {_tries(state)} times, lastly: {reason}")


def _tried_again(
    turn: Turn, kind: EventKind, path: str, request: Request, state: StepState, reason: str, said: dict[str, Any]
) -> bool:
    """Whether another attempt follows; those of a parked saga are for its operator to make."""
    retry, tries = request.retry, _tries(state)
    if turn.instance.status is Status.NEEDS_ATTENTION:
        turn.record(kind, path, state.attempt, body=said, reason=reason)
        return True
    if _exhausted(request, state) or (retry.attention_after is not None and tries >= retry.attention_after):
        return False
    due = turn.now_ms + retry.delay_ms(state.key, tries)
    turn.record(kind, path, state.attempt, body={**said, "retry_ms": due}, reason=reason)
    return True


def _exhausted(request: Request, state: StepState) -> bool:
    return request.retry.max_attempts is not None and _tries(state) >= request.retry.max_attempts


def _tries(state: StepState) -> int:
    return state.attempt - state.budget_from


def _reply(path: str, spec: StepSpec, output: Any) -> Any:
    model = spec.request.reply
    if model is None:
        return {name: value for name, value in output.items() if name not in _FRAME}
    return call(path, "reading the reply", model.__pydantic_validator__.validate_python, output)


def _kept(spec: StepSpec, reply: Any) -> bytes:
    model = spec.request.reply
    return values.dumps(values.tagged(reply)) if model is None else model.__pydantic_serializer__.to_json(reply)
