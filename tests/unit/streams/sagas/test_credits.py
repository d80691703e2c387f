"""Reservations are held against what the sagas that closed them made of them."""

from typing import Any

import pytest

from sagas.instance import Direction, Instance, Status, StepState, StepStatus
from sagas.keys import step_key
from sagas.participants.ledger import Status as ReservationStatus
from sagas.participants.ledger_request import Operation
from streams.sagas.credits import Asked, Credits, Held, asked_of_ledger
from streams.sagas.verifying import Evidence, reservations_are_as_sagas_left_them

STARTED_MS, REMEMBER_MS = 1_000, 500
DONE, NONE, SKIPPED, DOUBT = StepStatus.DONE, StepStatus.NONE, StepStatus.SKIPPED, StepStatus.IN_DOUBT
CHARGED, RELEASED, RESERVED = ReservationStatus.CHARGED, ReservationStatus.RELEASED, ReservationStatus.RESERVED


def saga(status: Status, **steps: tuple[StepStatus, StepStatus]) -> Instance:
    """A document-intake that ended."""
    states = {path: StepState(state, undo, 1, 0, 1, "", 0, b"") for path, (state, undo) in steps.items()}
    return Instance(
        "d", 1, "document-intake", 1, "", status, Direction.FORWARD, False, 9, 0, b"", "", STARTED_MS, 0, 0, "", None,
        states, {}, {}, {}, {}, {},
    )  # fmt: skip


COMPLETED = saga(Status.COMPLETED, reserve=(DONE, NONE), charge=(DONE, NONE))
COMPENSATED = saga(Status.COMPENSATED, reserve=(DONE, DONE))
ASKED = {
    step_key("d", 1, path, direction): Asked(operation, "acme", "d")
    for path, direction, operation in (
        ("reserve", Direction.FORWARD, Operation.RESERVE),
        ("reserve", Direction.BACKWARD, Operation.RELEASE),
        ("charge", Direction.FORWARD, Operation.CHARGE),
    )
}


def found(one: Instance, status: ReservationStatus, at_ms: int = STARTED_MS, **changes: Any) -> list[str]:
    """What is said of a saga whose reservation is so."""
    known = {"asked": ASKED, "reservations": {("acme", "d"): Held(status, at_ms)}, **changes}
    evidence = Evidence({}, {}, [], [], None, {}, credits=Credits(**known, remember_ms=REMEMBER_MS))
    evidence.folded = {"d": one, "forgotten": None}
    return [f"{one.saga_id} {one.check}: {one.message}" for one in reservations_are_as_sagas_left_them(evidence)]


def test_what_is_right_has_no_findings() -> None:
    assert found(COMPLETED, CHARGED) == found(COMPENSATED, RELEASED) == []


def test_a_compensated_saga_whose_reservation_is_charged() -> None:
    assert found(COMPENSATED, CHARGED) == [
        "d credits: it is COMPENSATED, its step reserve, undone, made reservation 'd' of tenant 'acme' RELEASED, "
        "and the ledger has it CHARGED"
    ]
    assert len(found(COMPENSATED, RESERVED)) == 1
    assert len(found(saga(Status.COMPENSATED, reserve=(DOUBT, DONE)), CHARGED)) == 1


@pytest.mark.parametrize("status", [RESERVED, RELEASED])
def test_a_completed_saga_whose_reservation_is_not_charged(status: ReservationStatus) -> None:
    assert len(found(COMPLETED, status)) == 1


def test_what_an_operator_skipped_need_not_be() -> None:
    assert found(saga(Status.COMPENSATED, reserve=(DONE, SKIPPED)), CHARGED) == []
    assert found(saga(Status.COMPLETED, reserve=(DONE, NONE), charge=(SKIPPED, NONE)), RESERVED) == []


def test_a_reservation_that_another_made_is_not_this_saga_s() -> None:
    assert found(saga(Status.COMPENSATED, reserve=(StepStatus.REJECTED, NONE)), CHARGED) == []


def test_a_name_that_may_have_been_used_again_is_not_judged() -> None:
    assert found(COMPLETED, RESERVED, STARTED_MS + REMEMBER_MS) == []
    assert len(found(COMPLETED, RESERVED, STARTED_MS + REMEMBER_MS - 1)) == 1


def test_what_was_forgotten_is_not_judged() -> None:
    assert found(COMPLETED, RESERVED, reservations={}) == []
    assert found(COMPLETED, RESERVED, asked={}) == []


def test_a_command_of_another_lane_asks_nothing_of_the_ledger() -> None:
    assert asked_of_ledger({"operation": "PUT", "document_id": "d"}) is None
    assert asked_of_ledger({"operation": "BOOK", "tenant": "acme", "reservation": "table"}) is None
    told = {"operation": "CHARGE", "tenant": "acme", "reservation": "d", "amount": 0}
    assert asked_of_ledger(told) == Asked(Operation.CHARGE, "acme", "d")
