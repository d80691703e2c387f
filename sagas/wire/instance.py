"""A saga's state, to and from Avro."""

from collections.abc import Mapping
from typing import Any

from sagas.instance import (
    Attention,
    Direction,
    GroupState,
    Instance,
    SignalState,
    SignalStatus,
    Status,
    StepState,
    StepStatus,
    TimerState,
)
from sagas.wire.schema import schema
from schemas.decoder import maker_for
from schemas.encoder import row_encoder_for
from schemas.rows import Makers, made_of

_STATUS = {str(status): status for status in Status}
_DIRECTION = {str(direction): direction for direction in Direction}
_STEP = {str(status): status for status in StepStatus}
_SIGNAL = {str(status): status for status in SignalStatus}
_encode = row_encoder_for(schema("instance"))


def encode_instance(instance: Instance) -> bytes:
    """The state as Avro, without a frame."""
    return _encode(instance.values())


def decode_instance(value: bytes) -> Instance:
    """The state of unframed Avro of the present schema; raises Unreadable."""
    instance: Instance = _decode(value)
    return instance


def instance_from(record: Mapping[str, Any]) -> Instance:
    """The state that a record holds; raises KeyError for a status that is none."""
    instance: Instance = made_of(schema("instance").parsed, record, _MAKERS)
    return instance


def instance_record(instance: Instance) -> dict[str, Any]:
    """The state as a record of the schema."""
    attention = instance.attention
    return {
        "saga_id": instance.saga_id,
        "run": instance.run,
        "saga": instance.saga,
        "version": instance.version,
        "hash": instance.hash,
        "status": instance.status,
        "direction": instance.direction,
        "pivoted": instance.pivoted,
        "seq": instance.seq,
        "epoch": instance.epoch,
        "data": instance.data,
        "start_digest": instance.start_digest,
        "started_ms": instance.started_ms,
        "updated_ms": instance.updated_ms,
        "ended_ms": instance.ended_ms,
        "reason": instance.reason,
        "attention": None if attention is None else attention._asdict(),
        "steps": {path: state._asdict() for path, state in instance.steps.items()},
        "groups": {name: state._asdict() for name, state in instance.groups.items()},
        "choices": instance.choices,
        "signals": {name: state._asdict() for name, state in instance.signals.items()},
        "timers": {name: {"due_ms": timer[0], "epoch": timer[1]} for name, timer in instance.timers.items()},
        "paused": instance.paused,
    }


def _instance(
    saga_id: str, run: int, saga: str, version: int, hash_: str, status: str, direction: str, *rest: Any
) -> Instance:
    return Instance(saga_id, run, saga, version, hash_, _STATUS[status], _DIRECTION[direction], *rest)


def _step(status: str, undo: str, *rest: Any) -> StepState:
    state: StepState = _made(StepState, (_STEP[status], _STEP[undo], *rest))
    return state


def _timer(due_ms: int, epoch: int) -> TimerState:
    state: TimerState = _made(TimerState, (due_ms, epoch))
    return state


def _signal(status: str, message: bytes) -> SignalState:
    return SignalState(_SIGNAL[status], message)


# A named tuple's own constructor takes five times as long.
_made: Any = tuple.__new__
_MAKERS: Makers = {
    "sluicegate.sagas.SagaInstance": _instance,
    "sluicegate.sagas.AttentionState": Attention,
    "sluicegate.sagas.StepState": _step,
    "sluicegate.sagas.GroupState": GroupState,
    "sluicegate.sagas.SignalState": _signal,
    "sluicegate.sagas.TimerState": _timer,
}
_decode = maker_for(schema("instance"), _MAKERS)
