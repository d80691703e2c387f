"""What can happen to a saga. None of these is to be changed once made."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.swift_enum import swift


@swift
class CommandKind(StrEnum):
    """What a client (the first three) or an operator may ask."""

    START = "START"
    SIGNAL = "SIGNAL"
    CANCEL = "CANCEL"
    RETRY = "RETRY"
    RESOLVE = "RESOLVE"
    SKIP = "SKIP"
    RESUME = "RESUME"
    ABORT = "ABORT"


@swift
class ReplyStatus(StrEnum):
    """How a participant answered: FAILED is for good, RETRIABLE may fare better, REJECTED did nothing."""

    DONE = "DONE"
    REJECTED = "REJECTED"
    RETRIABLE = "RETRIABLE"
    FAILED = "FAILED"


@dataclass(slots=True)
class Command:
    """A request to a saga. `version` 0 is the newest; `payload` is JSON; `step` a step's path or a signal's name."""

    kind: CommandKind
    saga: str = ""
    version: int = 0
    payload: bytes = b""
    step: str = ""
    actor: str = ""
    reason: str = ""
    request_id: str = ""


@dataclass(slots=True)
class Reply:
    """A participant's answer. `key` is the command's request id, `type_name` the result record's full name.

    `output` is the result record of a DONE reply. `attempt` 0 is an unknown one.
    """

    key: str
    attempt: int
    status: ReplyStatus
    type_name: str
    code: str = ""
    message: str = ""
    output: Mapping[str, Any] | None = None


@dataclass(slots=True)
class TimerFired:
    """A timer's time has come; the saga may decline."""

    name: str
    epoch: int
    due_ms: int


Input = Command | Reply | TimerFired
