"""Whether the ledger's reservations are what sagas made of them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sagas.instance import Direction, Instance, StepStatus
from sagas.keys import step_key
from sagas.participants.ledger import Status
from sagas.participants.ledger_request import Operation

CLOSED_BY = {Operation.CHARGE: Status.CHARGED, Operation.RELEASE: Status.RELEASED}
"""What a reservation is after an operation, until the ledger forgets it: no other operation changes it any more."""

OPERATIONS = frozenset(map(str, Operation))


class Asked(NamedTuple):
    """What a saga's command asks of the ledger, about whose reservation."""

    operation: Operation
    tenant: str
    reservation: str


class Held(NamedTuple):
    """A reservation, and when (milliseconds since 1970) it became what it is."""

    status: Status
    at_ms: int


@dataclass(frozen=True, slots=True)
class Credits:
    """The ledger's reservations by tenant and name, and what sagas `asked` about them, by the key of the command.

    The ledger forgets what was closed after `remember_ms`, and the name may be used again.
    """

    asked: Mapping[str, Asked] = field(default_factory=dict)
    reservations: Mapping[tuple[str, str], Held] = field(default_factory=dict)
    remember_ms: float = 0

    def faults(self, saga: Instance) -> Iterator[str]:
        """What is wrong with the reservations that a saga closed."""
        for path, direction in done(saga):
            asked = self.asked.get(step_key(saga.saga_id, saga.run, path, direction))
            closed = None if asked is None else CLOSED_BY.get(asked.operation)
            if asked is None or closed is None:
                continue
            held = self.reservations.get((asked.tenant, asked.reservation))
            if held is None or held.at_ms >= saga.started_ms + self.remember_ms:
                continue
            if held.status is not closed:
                place = f"{path}, undone," if direction is Direction.BACKWARD else path
                owner = f"reservation {asked.reservation!r} of tenant {asked.tenant!r}"
                made = f"its step {place} made {owner} {closed}"
                yield f"it is {saga.status}, {made}, and the ledger has it {held.status}"


def done(saga: Instance) -> Iterator[tuple[str, Direction]]:
    """The steps that were done, and those that were undone."""
    for path, state in saga.steps.items():
        if state.status is StepStatus.DONE:
            yield path, Direction.FORWARD
        if state.undo is StepStatus.DONE:
            yield path, Direction.BACKWARD


def asked_of_ledger(command: Mapping[str, Any]) -> Asked | None:
    """What a command asks of the ledger; None for one of another lane."""
    if not {"tenant", "reservation"} <= command.keys() or command.get("operation") not in OPERATIONS:
        return None
    return Asked(Operation(command["operation"]), command["tenant"], command["reservation"])
