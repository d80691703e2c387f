"""What a definition says about a step or a saga besides its functions. All spans are in milliseconds."""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sagas.durations import hours, minutes, seconds
from schemas.swift_enum import swift


@swift
class Kind(StrEnum):
    """What becomes of a step when the saga fails.

    COMPENSATABLE is undone; READ_ONLY left nothing to undo; PIVOT decides that the saga will complete; RETRIABLE comes
    after the pivot and is repeated until it succeeds.
    """

    COMPENSATABLE = "compensatable"
    PIVOT = "pivot"
    RETRIABLE = "retriable"
    READ_ONLY = "read-only"


@swift
class Effect(StrEnum):
    """Where a step's effect is: in Kafka, hence atomic with its reply, or outside, where only its key protects it."""

    KAFKA = "kafka"
    EXTERNAL = "external"


@swift
class OnDuplicate(StrEnum):
    """What a start answers when there is such a saga already."""

    RETURN_EXISTING = "return_existing"
    REJECT = "reject"


@swift
class OnDeadline(StrEnum):
    """What a saga does at its deadline, before its pivot; after it, the saga is always parked."""

    COMPENSATE = "compensate"
    ATTENTION = "attention"


@swift
class OnTimeout(StrEnum):
    """What a saga does when a signal does not come in time."""

    COMPENSATE = "compensate"
    CONTINUE = "continue"
    ATTENTION = "attention"


@swift
class Join(StrEnum):
    """When a parallel group is done: with all of its members, or with the first."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Retry:
    """When a command is sent again, with the same key. `max_attempts` None: for ever.

    `attention_after` attempts without success park the saga until somebody resumes it. `jitter` spreads a delay by up
    to that share of it; how far follows from the key and the attempt alone.
    """

    max_attempts: int | None = 5
    initial_ms: int = seconds(1)
    factor: float = 2.0
    max_interval_ms: int = minutes(1)
    jitter: float = 0.2
    attention_after: int | None = None

    @classmethod
    def forever(
        cls,
        initial_ms: int = seconds(1),
        factor: float = 2.0,
        max_interval_ms: int = minutes(5),
        jitter: float = 0.2,
        attention_after: int | None = 10,
    ) -> Self:
        """Without an end, but for somebody's attention."""
        return cls(None, initial_ms, factor, max_interval_ms, jitter, attention_after)

    @classmethod
    def never(cls) -> Self:
        """One attempt."""
        return cls(max_attempts=1)

    def delay_ms(self, key: str, attempt: int) -> int:
        """How long to wait after an attempt that failed, counted from 1 since the budget began."""
        grown = min(self.initial_ms * self.factor ** min(attempt - 1, 64), self.max_interval_ms)
        share = zlib.crc32(f"{key}:{attempt}".encode()) / 0xFFFFFFFF
        return max(1, round(grown * (1 - self.jitter * share)))


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long a command may wait for its participant (`queue_ms`), and how long that may then take (`run_ms`).

    The first is told to the participant, as a deadline before which it must begin; an answer is awaited for the sum.
    `run_ms` None waits for ever.
    """

    queue_ms: int | None = minutes(5)
    run_ms: int | None = minutes(1)

    @classmethod
    def none(cls) -> Self:
        """Waits for ever, on purpose."""
        return cls(None, None)

    @property
    def answer_ms(self) -> int | None:
        """How long an answer is awaited."""
        return None if self.run_ms is None else self.run_ms + (self.queue_ms or 0)


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a saga may take, from its start, and what happens then."""

    ms: int
    then: OnDeadline = OnDeadline.COMPENSATE


LONGEST = hours(24 * 365 * 10)
"""No span may be longer: ten years are a mistake in the unit."""
