"""What a compensation is told about the step that it undoes."""

from dataclasses import dataclass
from typing import Generic, TypeVar

ReplyT = TypeVar("ReplyT")


@dataclass(frozen=True, slots=True)
class Done(Generic[ReplyT]):
    """The step was done, and this was its reply."""

    reply: ReplyT


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The step was asked for and never answered for good: it may have been done, or be done yet."""


IN_DOUBT = InDoubt()
