"""All that is known of one saga. Only `sagas.apply` changes it, event by event."""

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

from schemas.swift_enum import swift


@swift
class Status(StrEnum):
    """Where a saga stands. The last three are its end; NEEDS_ATTENTION waits for an operator."""

    RUNNING = "RUNNING"
    COMPENSATING = "COMPENSATING"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    COMPLETED = "COMPLETED"
    COMPENSATED = "COMPENSATED"
    ABORTED = "ABORTED"


ENDED = (Status.COMPLETED, Status.COMPENSATED, Status.ABORTED)


@swift
class Direction(StrEnum):
    """Whether a saga goes on or undoes; a parked one remembers it."""

    FORWARD = "forward"
    BACKWARD = "backward"


@swift
class StepStatus(StrEnum):
    """Where a step, or its undo, stands.

    WAITING for a reply, RETRYING after a while, STALLED until an operator helps: these are open. Others are settled.
    """

    NONE = ""
    WAITING = "WAITING"
    RETRYING = "RETRYING"
    STALLED = "STALLED"
    DONE = "DONE"
    REJECTED = "REJECTED"
    IN_DOUBT = "IN_DOUBT"
    SKIPPED = "SKIPPED"


OPEN = (StepStatus.WAITING, StepStatus.RETRYING, StepStatus.STALLED)


@swift
class SignalStatus(StrEnum):
    """AWAITED by the flow; RECEIVED, perhaps before that; TAKEN or DECLINED by the flow; or it was TIMED_OUT."""

    AWAITED = "AWAITED"
    RECEIVED = "RECEIVED"
    TAKEN = "TAKEN"
    DECLINED = "DECLINED"
    TIMED_OUT = "TIMED_OUT"


class StepState(NamedTuple):
    """A step that was begun. `attempt`, `answered` and `key` are those of its undo once that was sent.

    `budget_from` is the attempt before the first that counts for the retry policy; `answered` the last attempt that was
    answered; `result` the reply as JSON, kept where an undo or a collection needs it.
    """

    status: StepStatus
    undo: StepStatus
    attempt: int
    budget_from: int
    answered: int
    key: str
    since_ms: int
    result: bytes

    @property
    def open(self) -> bool:
        """Whether the step itself is not settled."""
        return self.status in OPEN

    @property
    def undo_open(self) -> bool:
        """Whether its undo was begun and is not settled."""
        return self.undo in OPEN


class GroupState(NamedTuple):
    """A loop over `total` recorded items (JSON); of its first `settled` items nothing needs to be kept."""

    total: int
    settled: int
    collected: bool
    items: bytes


class SignalState(NamedTuple):
    """A signal, with its message as JSON once it was received."""

    status: SignalStatus
    message: bytes


class TimerState(NamedTuple):
    """A timer that runs; another epoch's firing is none of it."""

    due_ms: int
    epoch: int


class Attention(NamedTuple):
    """Why a saga is parked, since when, and at which step."""

    since_ms: int
    step: str
    reason: str


@dataclass(slots=True)
class Instance:
    """`run` tells sagas apart that used one id in turn; `seq` is the last event's number; `data` is JSON.

    `epoch` counts the timers that were ever set. `paused` are the milliseconds left to each timer of a parked saga.
    """

    saga_id: str
    run: int
    saga: str
    version: int
    hash: str
    status: Status
    direction: Direction
    pivoted: bool
    seq: int
    epoch: int
    data: bytes
    start_digest: str
    started_ms: int
    updated_ms: int
    ended_ms: int
    reason: str
    attention: Attention | None
    steps: dict[str, StepState]
    groups: dict[str, GroupState]
    choices: dict[str, bool]
    signals: dict[str, SignalState]
    timers: dict[str, TimerState]
    paused: dict[str, int]

    @property
    def ended(self) -> bool:
        """Whether it reached its end, whichever."""
        return self.status in ENDED

    def values(self) -> tuple[Any, ...]:
        """All of it, in the order of the fields, which is that of its schema."""
        values: tuple[Any, ...] = _values(self)
        return values

    def copy(self) -> "Instance":
        """One that can be changed without changing this one."""
        made = Instance(*_values(self))
        made.steps = self.steps.copy()
        made.groups = self.groups.copy()
        made.choices = self.choices.copy()
        made.signals = self.signals.copy()
        made.timers = self.timers.copy()
        made.paused = self.paused.copy()
        return made


_values = attrgetter(*(field.name for field in fields(Instance)))
