"""An outcome: what answers a request, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from schemas.swift_enum import swift


@swift
class Code(StrEnum):
    """Why a request failed, in any lane; clients may branch on it, so a name never changes its meaning.

    A lane may refuse for reasons of its own: members of its own StrEnum, with other names.
    """

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    REQUEST_ID_CONFLICT = "REQUEST_ID_CONFLICT"
    PROCESSOR_FAILED = "PROCESSOR_FAILED"
    PROCESSOR_CRASHED = "PROCESSOR_CRASHED"
    PROCESSOR_TIMEOUT = "PROCESSOR_TIMEOUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    RESULT_TOO_LARGE = "RESULT_TOO_LARGE"
    INVALID_REPLY_TO = "INVALID_REPLY_TO"


@dataclass(slots=True)
class Completed:
    """The processor's own output fields, as its result schema names them. Not to be changed once made.

    It is not frozen, because there is one for each record: a frozen one takes twice the time to make.
    """

    output: Mapping[str, Any]


@dataclass(slots=True, frozen=True)
class Failed:
    """A structured error: `code` is a Code, or one of the lane's own.

    `retriable` says whether the same request may fare better later.
    """

    code: StrEnum
    message: str
    retriable: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


Outcome = Completed | Failed
