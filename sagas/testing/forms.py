"""Inputs and commands as JSON values, for golden histories."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sagas import values
from sagas.effects import Answered, Effect, Ended, Orphaned, Send
from sagas.inputs import Command, CommandKind, Input, Reply, ReplyStatus, TimerFired

Form = dict[str, Any]


def input_form(given: Input) -> Form:
    """An input, by its kind."""
    kind = {Command: "command", Reply: "reply", TimerFired: "timer"}[type(given)]
    made: Form = {kind: values.tagged(asdict(given))}
    return made


def input_of(form: Form) -> Input:
    """The input that `input_form` made; raises KeyError, TypeError, ValueError."""
    ((kind, fields),) = form.items()
    known = values.untagged(fields)
    if kind == "command":
        return Command(**{**known, "kind": CommandKind(known["kind"])})
    if kind == "reply":
        return Reply(**{**known, "status": ReplyStatus(known["status"])})
    return TimerFired(**known)


def effect_form(effect: Effect) -> Form | None:
    """What of an effect others see; None for what the history tells anyway, and for texts that are for people."""
    if isinstance(effect, Send):
        fields: Mapping[str, Any] = {
            "step": effect.step, "direction": effect.direction, "topic": effect.topic, "type_name": effect.type_name,
            "key": effect.key, "request_id": effect.request_id, "attempt": effect.attempt,
            "deadline_ms": effect.deadline_ms, "record": effect.record,
        }  # fmt: skip
        return {"send": values.tagged(dict(fields))}
    if isinstance(effect, Ended):
        return {"ended": {"status": str(effect.status), "data": values.loads(effect.data)}}
    if isinstance(effect, Answered):
        return {"answered": {"ok": effect.ok, "code": None if effect.code is None else str(effect.code)}}
    return {"orphaned": True} if isinstance(effect, Orphaned) else None
