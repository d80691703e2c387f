"""A handler: what a lane does with a micro-batch. `(batch, state, now) -> effects`.

A processor's handler calls its host; a saga's is the engine; a ledger's changes its state.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from schemas.outcome import Outcome
from schemas.request import Request

Count: TypeAlias = tuple[str, ...]
"""A counter's name, and the values of its labels but that of the lane."""


@dataclass(slots=True)
class Emission:
    """A record to produce in the batch's transaction; without a partition, the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    partition: int | None = None


@dataclass(slots=True)
class Effects:
    """What a batch leads to, all of it or nothing.

    `outcomes` is aligned with the requests; None answers nothing. `compute_seconds` is time on the device. `counts` are
    added to counters once the batch is committed.
    """

    outcomes: list[Outcome | None]
    emissions: list[Emission] = field(default_factory=list)
    compute_seconds: float = 0.0
    counts: dict[Count, int] = field(default_factory=dict)


class PartitionState(Protocol):
    """The stores of one partition: bytes by store name and key. Never blocks."""

    def get(self, store: str, key: bytes) -> bytes | None:
        """The value, or None."""
        ...

    def put(self, store: str, key: bytes, value: bytes) -> None:
        """Sets the value; it becomes durable with the batch's transaction."""
        ...

    def delete(self, store: str, key: bytes) -> None:
        """Removes the key; an absent key is no error."""
        ...

    def scan(self, store: str) -> Iterator[tuple[bytes, bytes]]:
        """Every key and value of a store, in no particular order; do not write to it meanwhile."""
        ...


class State(Protocol):
    """The state of a lane, partitioned with its request topics."""

    def partition(self, topic: str, partition: int) -> PartitionState:
        """The stores kept for one partition of a request topic that this lane owns."""
        ...


class Handler(Protocol):
    """What a lane calls with each micro-batch.

    - It may not block the event loop: await, or answer from memory.
    - A stateful handler is called in order, one batch at a time; another may have several batches in flight.
    - Reads see the batch's own writes and those of the batches ahead of it; an abort undoes them all.
    - If it raises, the lane aborts what is in flight and tries the batch again; so it raises for faults that may
      pass, and answers `Failed` for what is wrong with a request.
    - It may be called again for the same requests, after an abort or a crash: effects outside `Effects` need
      an idempotency key.
    """

    @property
    def stateful(self) -> bool:
        """Whether batches must come in order, one at a time."""
        ...

    @property
    def stores(self) -> tuple[str, ...]:
        """The names of the stores it keeps; empty when it keeps none."""
        ...

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """What these requests lead to; `now` is in seconds since 1970 and is the only clock it reads."""
        ...
