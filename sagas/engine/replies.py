"""Replies of participants: to whom one belongs, and what it settles.

A reply to a superseded attempt counts where it says DONE, for the key and so the effect are the same; what comes for
the second time changes nothing; what nothing waits for is kept aside or noted, never dropped.
"""

from typing import Any, NamedTuple

from sagas.compiled import StepSpec
from sagas.engine.advance import park
from sagas.engine.settling import step_done, step_failed, step_rejected, step_upgraded, undo_failed, undo_stalled
from sagas.engine.turn import SagaFault, Turn
from sagas.events import EventKind
from sagas.inputs import Reply, ReplyStatus
from sagas.instance import Direction, Instance, StepState, StepStatus
from sagas.keys import step_key
from sagas.limits import shortened
from sagas.paths import item_path, split_path
from schemas.outcome import Code

NOTHING_DONE = frozenset((Code.INVALID_ARGUMENT, Code.REQUEST_ID_CONFLICT))
"""With these codes every participant says that it did nothing, whatever a step names as its rejections.

A conflict says so of the first attempt alone: later, the other request with this key may be an earlier attempt, made of
other data, which was done.
"""


class Addressee(NamedTuple):
    """The step, and whether its undo is meant; no state where nothing of it was kept."""

    path: str
    direction: Direction
    state: StepState | None


def on_reply(turn: Turn, reply: Reply) -> None:
    """Decides what a reply means; parks the saga where its code fails on it."""
    found = addressee(turn.instance, reply.key)
    if found is None:
        turn.orphan = f"no step of saga {turn.instance.saga_id!r}, run {turn.instance.run}, has the key {reply.key!r}"
        return
    path, direction, state = found
    if state is None:
        return
    spec = turn.compiled.steps[split_path(path)[0]]
    request = spec.request if direction is Direction.FORWARD else spec.undo
    assert request is not None
    if reply.type_name != request.reply_type:
        turn.orphan = f"step {path} awaits {request.reply_type}, and this is a {reply.type_name}"
    elif state.key == reply.key and reply.attempt > state.attempt:
        turn.orphan = f"attempt {reply.attempt} of step {path} was never made; there were {state.attempt}"
    elif turn.instance.ended and (state.open or state.undo_open):
        _late(turn, path, reply)
    elif direction is Direction.BACKWARD:
        _to_undo(turn, path, spec, state, reply)
    elif state.open:
        _to_step(turn, path, spec, state, reply)
    else:
        _to_settled(turn, path, spec, state, reply)


def addressee(instance: Instance, key: str) -> Addressee | None:
    """The step that a key belongs to, if any. One that an operator settled before it was sent has none."""
    if not key:
        return None
    for path, state in instance.steps.items():
        if state.key == key:
            direction = Direction.FORWARD if state.undo is StepStatus.NONE else Direction.BACKWARD
            return Addressee(path, direction, state)
    for path, state in instance.steps.items():
        if state.undo is not StepStatus.NONE and _forward_key(instance, path) == key:
            return Addressee(path, Direction.FORWARD, state)
    for name, group in instance.groups.items():
        for index in range(group.settled):
            if _forward_key(instance, item_path(name, index)) == key:
                return Addressee(item_path(name, index), Direction.FORWARD, None)
    return None


def _forward_key(instance: Instance, path: str) -> str:
    return step_key(instance.saga_id, instance.run, path, Direction.FORWARD)


def _to_step(turn: Turn, path: str, spec: StepSpec, state: StepState, reply: Reply) -> None:
    if reply.status is ReplyStatus.DONE:
        try:
            step_done(turn, path, spec, reply.attempt, reply.output or {})
        except SagaFault as fault:
            _fault(turn, path, state, fault)
    elif reply.attempt < state.attempt:
        _late(turn, path, reply)
    elif _nothing_done(reply, spec.request.rejects):
        step_rejected(turn, path, reply.attempt, _why(reply), _said(reply))
    elif state.status is not StepStatus.WAITING:
        if state.answered < reply.attempt:
            _late(turn, path, reply)
    else:
        step_failed(turn, path, spec, state, _why(reply), _said(reply))


def _fault(turn: Turn, path: str, state: StepState, fault: SagaFault) -> None:
    """The reply can be had again, from the participant: the step stalls until an operator has it sent anew."""
    if turn.forward:
        turn.record(EventKind.STEP_FAILED, path, state.attempt, reason=fault.reason)
    else:
        turn.record(EventKind.STEP_IN_DOUBT, path, state.attempt, reason=fault.reason)
    park(turn, path, fault.reason)


def _to_undo(turn: Turn, path: str, spec: StepSpec, state: StepState, reply: Reply) -> None:
    assert spec.undo is not None
    if not state.undo_open:
        if reply.attempt != state.answered:
            _late(turn, path, reply)
    elif reply.status is ReplyStatus.DONE:
        turn.record(EventKind.UNDO_DONE, path, reply.attempt)
    elif reply.attempt < state.attempt:
        _late(turn, path, reply)
    elif _nothing_done(reply, spec.undo.rejects):
        undo_stalled(turn, path, state, _why(reply), _said(reply))
    elif state.undo is not StepStatus.WAITING:
        if state.answered < reply.attempt:
            _late(turn, path, reply)
    else:
        undo_failed(turn, path, spec, state, _why(reply), _said(reply))


def _to_settled(turn: Turn, path: str, spec: StepSpec, state: StepState, reply: Reply) -> None:
    done = reply.status is ReplyStatus.DONE
    if done and state.status is StepStatus.DONE:
        return
    if state.undo is StepStatus.NONE and reply.attempt == state.answered:
        return
    if done and state.status is StepStatus.IN_DOUBT and state.undo is StepStatus.NONE and spec.undo is not None:
        try:
            step_upgraded(turn, path, spec, reply.attempt, reply.output or {})
        except SagaFault as fault:
            _late(turn, path, reply, fault.reason)
        return
    _late(turn, path, reply)


def _late(turn: Turn, path: str, reply: Reply, reason: str = "") -> None:
    if turn.instance.ended:
        turn.orphan = f"saga {turn.instance.saga_id!r} ended as {turn.instance.status}; step {path} awaits nothing"
        return
    body = {"status": str(reply.status), "code": shortened(reply.code)}
    turn.record(EventKind.LATE_REPLY, path, reply.attempt, body=body, reason=reason or _why(reply))


def _nothing_done(reply: Reply, rejects: frozenset[str]) -> bool:
    if reply.status is ReplyStatus.REJECTED or reply.code in rejects:
        return True
    return reply.code in NOTHING_DONE and (reply.code != Code.REQUEST_ID_CONFLICT or reply.attempt == 1)


def _said(reply: Reply) -> dict[str, Any]:
    return {"answered": True, "code": shortened(reply.code)}


def _why(reply: Reply) -> str:
    if reply.status is ReplyStatus.DONE:
        return ""
    return shortened(f"{reply.code}: {reply.message}" if reply.code else reply.message)
