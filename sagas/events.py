"""What happened to a saga: the records of its history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from schemas.swift_enum import swift


@swift
class EventKind(StrEnum):
    """The names travel, and stay in histories for ever: none may change its meaning."""

    STARTED = "started"
    STEP_SENT = "step_sent"
    STEP_DONE = "step_done"
    STEP_REJECTED = "step_rejected"
    STEP_FAILED = "step_failed"
    STEP_IN_DOUBT = "step_in_doubt"
    STEP_UPGRADED = "step_upgraded"
    STEP_SKIPPED = "step_skipped"
    UNDO_SENT = "undo_sent"
    UNDO_DONE = "undo_done"
    UNDO_FAILED = "undo_failed"
    UNDO_SKIPPED = "undo_skipped"
    LATE_REPLY = "late_reply"
    BRANCH_CHOSEN = "branch_chosen"
    ITEMS_LISTED = "items_listed"
    RESULTS_COLLECTED = "results_collected"
    SIGNAL_AWAITED = "signal_awaited"
    SIGNAL_RECEIVED = "signal_received"
    SIGNAL_TAKEN = "signal_taken"
    SIGNAL_DECLINED = "signal_declined"
    SIGNAL_TIMED_OUT = "signal_timed_out"
    DEADLINE_PASSED = "deadline_passed"
    COMPENSATING = "compensating"
    PARKED = "parked"
    RESUMED = "resumed"
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    ABORTED = "aborted"
    FORGOTTEN = "forgotten"


NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class HistoryEvent:
    """One event; not to be changed once made.

    `seq` counts from 0 without gaps within a run. `step` is a step's path, or the name of a signal, a branch or a loop.
    `body` is what else the event says, as JSON values; `data` the saga's data from here on, or None where it stays;
    `result` what is kept of a reply. Both are JSON.
    """

    saga_id: str
    run: int
    seq: int
    at_ms: int
    saga: str
    version: int
    hash: str
    kind: EventKind
    step: str = ""
    attempt: int = 0
    actor: str = ""
    reason: str = ""
    body: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    data: bytes | None = None
    result: bytes | None = None
