"""What a ledger decides."""

import pytest

from sagas.participants.ledger import Account, Decision, Rejection, Reservation, Status, decide
from sagas.participants.ledger_request import MAX_CREDITS, Operation
from schemas.outcome import Code, Failed

START = Account(granted=10, free=4, reserved=3, charged=3)
HELD = Reservation(Status.RESERVED, 3)
SPENT = Reservation(Status.CHARGED, 3)
BACK = Reservation(Status.RELEASED, 3)


@pytest.mark.parametrize(
    ("reservation", "operation", "amount", "account", "after"),
    [
        (None, Operation.GRANT, 5, Account(15, 9, 3, 3), None),
        (None, Operation.RESERVE, 4, Account(10, 0, 7, 3), Reservation(Status.RESERVED, 4)),
        (HELD, Operation.CHARGE, 0, Account(10, 4, 0, 6), SPENT),
        (HELD, Operation.RELEASE, 0, Account(10, 7, 0, 3), BACK),
    ],
)
def test_an_operation_moves_credits(
    reservation: Reservation | None, operation: Operation, amount: int, account: Account, after: Reservation | None
) -> None:
    assert decide(START, reservation, operation, amount, "r") == Decision(account, after)
    assert account.adds_up


@pytest.mark.parametrize(
    ("reservation", "operation", "amount", "code", "message"),
    [
        (None, Operation.RESERVE, 5, Rejection.INSUFFICIENT_CREDIT, "5 credits are asked and 4 are free"),
        (HELD, Operation.RESERVE, 3, Rejection.RESERVATION_EXISTS, "reservation 'r' was made by another request"),
        (SPENT, Operation.RESERVE, 3, Rejection.RESERVATION_CHARGED, "charged already"),
        (BACK, Operation.RESERVE, 3, Rejection.RESERVATION_RELEASED, "released before this came"),
        (None, Operation.CHARGE, 0, Rejection.RESERVATION_UNKNOWN, "was never made"),
        (SPENT, Operation.CHARGE, 0, Rejection.RESERVATION_CHARGED, "charged already, by another request"),
        (BACK, Operation.CHARGE, 0, Rejection.RESERVATION_RELEASED, "was released"),
        (SPENT, Operation.RELEASE, 0, Rejection.RESERVATION_CHARGED, "can't be given back"),
        (None, Operation.GRANT, MAX_CREDITS - 9, Code.INVALID_ARGUMENT, "is the most that can be kept"),
    ],
)
def test_what_can_not_be_done_is_refused_by_name(
    reservation: Reservation | None, operation: Operation, amount: int, code: Code | Rejection, message: str
) -> None:
    refused = decide(START, reservation, operation, amount, "r")
    assert isinstance(refused, Failed)
    assert refused.code is code
    assert message in refused.message
    assert not refused.retriable


def test_all_that_can_be_granted_is() -> None:
    assert isinstance(decide(START, None, Operation.GRANT, MAX_CREDITS - 10), Decision)


def test_a_release_of_what_was_never_seen_succeeds_and_is_remembered() -> None:
    decision = decide(START, None, Operation.RELEASE, 0, "r")
    assert decision == Decision(START, Reservation(Status.RELEASED, 0), effect=False)


def test_a_second_release_succeeds_without_effect() -> None:
    assert decide(START, BACK, Operation.RELEASE, 0, "r") == Decision(START, BACK, effect=False)


@pytest.mark.parametrize("account", [Account(10, 4, 3, 2), Account(0, -1, 1, 0)])
def test_a_lost_or_owed_credit_shows(account: Account) -> None:
    assert not account.adds_up


@pytest.mark.parametrize("code", list(Rejection))
def test_no_reason_of_its_own_has_a_name_that_all_lanes_share(code: Rejection) -> None:
    assert code not in Code.__members__
