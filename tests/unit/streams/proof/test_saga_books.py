"""The audit of a proof of sagas sees every way in which credits, documents or compensations can be wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sagas.instance import Direction, Instance, Status, StepState, StepStatus
from sagas.keys import step_key
from sagas.participants.ledger import Account, Reservation
from sagas.participants.ledger import Status as ReservationStatus
from streams.proof.intake_load import earlier_id, release_id
from streams.proof.intakes import PAUPER, Case, Intake
from streams.proof.saga_books import Books, audit

RUN = 1
DONE, NONE = StepStatus.DONE, StepStatus.NONE


def saga(name: str, status: Status, **steps: StepStatus) -> Instance:
    """A saga that rests."""
    states = {path: StepState(state, NONE, 1, 0, 1, "", 0, b"") for path, state in steps.items()}
    return Instance(
        name, RUN, "document-intake", 1, "", status, Direction.FORWARD, False, 9, 0, b"", "", 0, 0, 0, "", None,
        states, {}, {}, {}, {}, {},
    )  # fmt: skip


def intake(name: str, case: Case, tenant: str = "acme") -> Intake:
    return Intake(name, case, tenant, "text", bytes(64))


def undo(name: str, step: str) -> str:
    return step_key(name, RUN, step, Direction.BACKWARD)


def put(name: str) -> str:
    return step_key(name, RUN, "put", Direction.FORWARD)


def right() -> Books:
    """One saga that completed, one that was undone after its put, one without credit, one whose document was there."""
    return Books(
        asked={
            "plain": intake("plain", Case.PLAIN),
            "released": intake("released", Case.RELEASED),
            "poor": intake("poor", Case.NO_CREDIT, PAUPER),
            "exists": intake("exists", Case.EXISTS),
        },
        granted={"acme": 3},
        sagas={
            "plain": saga("plain", Status.COMPLETED, reserve=DONE, put=DONE),
            "released": saga("released", Status.COMPENSATED, reserve=DONE, put=DONE),
            "poor": saga("poor", Status.COMPENSATED, reserve=StepStatus.REJECTED),
            "exists": saga("exists", Status.COMPENSATED, reserve=DONE, put=StepStatus.REJECTED),
        },
        histories={},
        accounts={"acme": Account(granted=3, free=2, reserved=0, charged=1)},
        reservations={
            "plain": Reservation(ReservationStatus.CHARGED, 1),
            "released": Reservation(ReservationStatus.RELEASED, 1),
            "exists": Reservation(ReservationStatus.RELEASED, 1),
        },
        documents={"plain": put("plain"), "exists": earlier_id("exists")},
        effects={
            release_id("released"): frozenset((True,)),
            undo("released", "reserve"): frozenset((False,)),
            undo("released", "put"): frozenset((True,)),
            undo("exists", "reserve"): frozenset((True,)),
        },
        cancelled={},
    )


def test_what_is_right_has_no_findings() -> None:
    assert audit(right()) == []


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (lambda books: {"sagas": {**books.sagas, "plain": None}}, "there"),
        (lambda books: {"sagas": {**books.sagas, "stranger": books.sagas["plain"]}}, "there"),
        (lambda books: {"sagas": {**books.sagas, "plain": saga("plain", Status.RUNNING)}}, "there"),
        (lambda books: {"sagas": {**books.sagas, "plain": saga("plain", Status.COMPENSATED)}}, "end"),
        (lambda books: {"effects": {**books.effects, release_id("released"): frozenset((False,))}}, "end"),
        (lambda books: {"accounts": {"acme": Account(3, 2, 1, 0)}}, "credits"),
        (lambda books: {"accounts": {"acme": Account(3, 1, 0, 1)}}, "credits"),
        (lambda books: {"accounts": {"acme": Account(4, 3, 0, 1)}}, "credits"),
        (lambda books: {"accounts": {"acme": Account(3, 1, 0, 2)}}, "credits"),
        (lambda books: {"reservations": {**books.reservations, "plain": books.reservations["exists"]}}, "reservation"),
        (lambda books: {"reservations": {**books.reservations, "exists": books.reservations["plain"]}}, "reservation"),
        (lambda books: {"effects": {**books.effects, undo("released", "put"): frozenset((False,))}}, "compensation"),
        (lambda books: {"effects": {**books.effects, undo("exists", "put"): frozenset((True,))}}, "compensation"),
        (lambda books: {"effects": {**books.effects, undo("plain", "reserve"): frozenset((True,))}}, "compensation"),
        (
            lambda books: {"effects": {**books.effects, undo("released", "reserve"): frozenset((True,))}},
            "compensation",
        ),
        (lambda books: {"effects": {**books.effects, "any": frozenset((True, False))}}, "answer"),
        (lambda books: {"documents": {**books.documents, "released": put("released")}}, "index"),
        (lambda books: {"documents": {"exists": earlier_id("exists")}}, "index"),
        (lambda books: {"documents": {**books.documents, "plain": "somebody's"}}, "index"),
        (lambda books: {"documents": {**books.documents, "exists": put("exists")}}, "index"),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[Books], dict[str, object]], check: str) -> None:
    books = right()
    found = audit(replace(books, **spoil(books)))  # type: ignore[arg-type]  # a field or two, spoilt
    assert check in {finding.check for finding in found}
