"""What led to an event of a history: the input that the saga must have had."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from sagas import values
from sagas.apply import DEADLINE, RETAIN, retry_timer, run_timer, signal_timer, undo_path
from sagas.compiled import Compiled, StepSpec
from sagas.events import EventKind, HistoryEvent
from sagas.inputs import Command, CommandKind, Input, Reply, ReplyStatus, TimerFired
from sagas.instance import Direction, Instance
from sagas.keys import step_key
from sagas.paths import split_path

_UNDOS = (EventKind.UNDO_SENT, EventKind.UNDO_DONE, EventKind.UNDO_FAILED, EventKind.UNDO_SKIPPED)
_ANSWERS = (
    EventKind.STEP_DONE, EventKind.STEP_UPGRADED, EventKind.STEP_REJECTED, EventKind.STEP_FAILED,
    EventKind.STEP_IN_DOUBT, EventKind.UNDO_DONE, EventKind.UNDO_FAILED,
)  # fmt: skip
_DONE = (EventKind.STEP_DONE, EventKind.STEP_UPGRADED, EventKind.UNDO_DONE)
_COMMANDS = {
    EventKind.COMPENSATING: CommandKind.CANCEL,
    EventKind.ABORTED: CommandKind.ABORT,
    EventKind.STEP_SKIPPED: CommandKind.SKIP,
    EventKind.UNDO_SKIPPED: CommandKind.SKIP,
}
Cause = tuple[Input, Compiled]


class Unexplained(Exception):
    """The definition has nothing to which this could have happened; the message says what."""


def cause_of(event: HistoryEvent, saga: Instance, compiled: Compiled) -> Cause | None:
    """The input, and the definition to give it to: the same, but that it knows a reply's part of the data where the
    reply was not kept. None for what has to be taken as it is. Raises Unexplained."""
    kind = event.kind
    if kind in _ANSWERS:
        return _answer(event, saga, compiled)
    if kind in (EventKind.STEP_SENT, EventKind.UNDO_SENT):
        given: Input | None = _again(event, saga)
    elif kind is EventKind.RESUMED:
        given = _command(event, CommandKind.RETRY if event.step else CommandKind.RESUME)
    elif kind is EventKind.SIGNAL_RECEIVED:
        given = _command(event, CommandKind.SIGNAL, values.dumps(event.body["message"]))
    elif kind in _COMMANDS:
        given = _command(event, _COMMANDS[kind])
    else:
        timer = {
            EventKind.SIGNAL_TIMED_OUT: signal_timer(event.step),
            EventKind.DEADLINE_PASSED: DEADLINE,
            EventKind.FORGOTTEN: RETAIN,
        }.get(kind)
        given = None if timer is None else _timer(saga, timer)
    return None if given is None else (given, compiled)


def _answer(event: HistoryEvent, saga: Instance, compiled: Compiled) -> Cause | None:
    spec = compiled.steps.get(split_path(event.step)[0])
    if spec is None:
        raise Unexplained(f"the definition has no step {event.step!r}")
    if "timed_out" in event.body:
        return _timer(saga, run_timer(_subject(event))), compiled
    told = event.kind in _DONE or "answered" in event.body or "operator" in event.body
    if not told:
        return None
    output, known = _output(event, spec, saga, compiled) if event.kind in _DONE else (None, compiled)
    if "operator" in event.body:
        payload = values.dumps(values.tagged(output))
        return _command(event, CommandKind.RESOLVE, payload), known
    return _reply(event, saga, spec, output), known


def _reply(event: HistoryEvent, saga: Instance, spec: StepSpec, output: Any) -> Reply:
    undo = event.kind in _UNDOS
    request = spec.undo if undo else spec.request
    if request is None:
        raise Unexplained(f"the definition has no compensation for {event.step!r}")
    direction = Direction.BACKWARD if undo else Direction.FORWARD
    key = step_key(saga.saga_id, saga.run, event.step, direction)
    code = str(event.body.get("code", ""))
    if event.kind in _DONE:
        status = ReplyStatus.DONE
    elif event.kind is EventKind.STEP_REJECTED and not code:
        status = ReplyStatus.REJECTED
    else:
        status = ReplyStatus.FAILED
    message = event.reason.removeprefix(f"{code}: ") if code else event.reason
    return Reply(key, event.attempt, status, request.reply_type, code, message, output)


def _output(event: HistoryEvent, spec: StepSpec, saga: Instance, compiled: Compiled) -> tuple[dict[str, Any], Compiled]:
    """The reply's fields where they were kept; else a definition that takes the data from the history."""
    if event.kind is EventKind.UNDO_DONE:
        return {}, compiled
    model = spec.request.reply
    if event.result is not None:
        try:
            kept = model.model_validate_json(event.result).model_dump() if model is not None else None
        except ValidationError as error:
            raise Unexplained(f"the definition can't read the recorded reply: {error}") from error
        return (values.untagged(values.loads(event.result)) if kept is None else kept), compiled
    data = event.data
    if spec.replied is not None and data is None and saga.direction is Direction.FORWARD:
        raise Unexplained("the definition changes the data here, by a reply that is not in the history")
    told = replace(
        spec,
        request=replace(spec.request, reply=None),
        replied=None if spec.replied is None else lambda *_: compiled.data.model_validate_json(data or b""),
    )
    return {}, replace(compiled, steps={**compiled.steps, spec.name: told})


def _again(event: HistoryEvent, saga: Instance) -> Input | None:
    if "fresh" in event.body:
        return _command(event, CommandKind.RETRY)
    return _timer(saga, retry_timer(_subject(event))) if event.attempt > 1 else None


def _subject(event: HistoryEvent) -> str:
    return undo_path(event.step) if event.kind in _UNDOS else event.step


def _timer(saga: Instance, name: str) -> TimerFired:
    timer = saga.timers.get(name)
    if timer is None:
        raise Unexplained(f"the definition has no timer {name!r} here")
    return TimerFired(name, timer.epoch, timer.due_ms)


def _command(event: HistoryEvent, kind: CommandKind, payload: bytes = b"") -> Command:
    return Command(kind, payload=payload, step=event.step, actor=event.actor, reason=event.reason)
