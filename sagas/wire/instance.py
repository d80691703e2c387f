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
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for

_STATUS = {str(status): status for status in Status}
_DIRECTION = {str(direction): direction for direction in Direction}
_STEP = {str(status): status for status in StepStatus}
_SIGNAL = {str(status): status for status in SignalStatus}
_encode = encoder_for(schema("instance"))
_decode = decoder_for(schema("instance"), schema("instance"))


def encode_instance(instance: Instance) -> bytes:
    """The state as Avro, without a frame."""
    return _encode(instance_record(instance))


def decode_instance(value: bytes) -> Instance:
    """The state of unframed Avro of the present schema; raises Unreadable."""
    return instance_from(_decode(value))


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
        "steps": {path: _step_record(state) for path, state in instance.steps.items()},
        "groups": {name: state._asdict() for name, state in instance.groups.items()},
        "choices": instance.choices,
        "signals": {name: state._asdict() for name, state in instance.signals.items()},
        "timers": {name: {"due_ms": timer[0], "epoch": timer[1]} for name, timer in instance.timers.items()},
        "paused": instance.paused,
    }


def instance_from(record: Mapping[str, Any]) -> Instance:
    """The state that a record holds; raises KeyError for a status that is none."""
    attention = record["attention"]
    return Instance(
        record["saga_id"],
        record["run"],
        record["saga"],
        record["version"],
        record["hash"],
        _STATUS[record["status"]],
        _DIRECTION[record["direction"]],
        record["pivoted"],
        record["seq"],
        record["epoch"],
        record["data"],
        record["start_digest"],
        record["started_ms"],
        record["updated_ms"],
        record["ended_ms"],
        record["reason"],
        None if attention is None else Attention(**attention),
        {path: _step(state) for path, state in record["steps"].items()},
        {name: GroupState(**state) for name, state in record["groups"].items()},
        record["choices"],
        {name: SignalState(_SIGNAL[state["status"]], state["message"]) for name, state in record["signals"].items()},
        {name: TimerState(timer["due_ms"], timer["epoch"]) for name, timer in record["timers"].items()},
        record["paused"],
    )


def _step_record(state: StepState) -> dict[str, Any]:
    return {
        "status": state[0],
        "undo": state[1],
        "attempt": state[2],
        "budget_from": state[3],
        "answered": state[4],
        "key": state[5],
        "since_ms": state[6],
        "result": state[7],
    }


def _step(state: Mapping[str, Any]) -> StepState:
    return StepState(
        _STEP[state["status"]],
        _STEP[state["undo"]],
        state["attempt"],
        state["budget_from"],
        state["answered"],
        state["key"],
        state["since_ms"],
        state["result"],
    )
