"""What a compensation is told about the step that it undoes."""

from dataclasses import dataclass
from typing import Generic, TypeVar

ReplyT = TypeVar("ReplyT")


@dataclass(frozen=True, slots=True)
class Done(Generic[ReplyT]):
    """The step was done, and this was its reply. `key` is the request_id of the step's own command."""

    reply: ReplyT
    key: str = ""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The step was asked for and never answered for good: it may have been done, or be done yet.

    `key` is the request_id of the step's own command, by which a participant can refuse it should it come late.
    """

    key: str = ""
