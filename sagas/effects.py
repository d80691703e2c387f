"""What a transition leads to, besides the new state; all of it or nothing. None is to be changed once made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sagas.events import HistoryEvent
from sagas.instance import Direction, Instance, Status


@dataclass(slots=True)
class Send:
    """A command for a participant. `type_name` is the request record's full name, `key` the Kafka key.

    `request_id` is the idempotency key, the same for every attempt; `body` is the record as Avro, without a frame.
    The participant must begin before `deadline_ms`.
    """

    step: str
    direction: Direction
    topic: str
    lane: str
    type_name: str
    record: Mapping[str, Any]
    body: bytes
    key: bytes
    request_id: str
    attempt: int
    run: int
    deadline_ms: int | None = None


@dataclass(slots=True)
class SetTimer:
    """A timer to keep, in place of an earlier one of this name."""

    name: str
    due_ms: int
    epoch: int


@dataclass(slots=True)
class ClearTimer:
    """A timer that is not needed any more."""

    name: str


@dataclass(slots=True)
class Record:
    """An event for the history; `body` is its record as Avro, without a frame."""

    event: HistoryEvent
    body: bytes = field(repr=False)


@dataclass(slots=True)
class AttentionRaised:
    """The saga is parked until an operator helps."""

    saga: str
    version: int
    since_ms: int
    step: str
    direction: Direction
    reason: str


def attention_of(saga: Instance) -> AttentionRaised | None:
    """What a saga asks for while it is parked, None while it is not."""
    if saga.attention is None:
        return None
    since, step, reason = saga.attention
    return AttentionRaised(saga.saga, saga.version, since, step, saga.direction, reason)


@dataclass(slots=True)
class AttentionCleared:
    """The saga is not parked any more."""


@dataclass(slots=True)
class Ended:
    """The saga has come to its end."""

    saga: str
    version: int
    run: int
    status: Status
    data: bytes
    reason: str
    started_ms: int
    ended_ms: int


@dataclass(slots=True)
class Orphaned:
    """The reply at hand belongs to nothing that waits for it: keep it aside, untouched, with this reason."""

    reason: str


@dataclass(slots=True)
class Answered:
    """The one answer to the command at hand; `code`, a Code or a Refusal, is None if and only if it is `ok`."""

    ok: bool
    message: str
    code: StrEnum | None = None


Effect = Send | SetTimer | ClearTimer | Record | AttentionRaised | AttentionCleared | Ended | Orphaned | Answered
