"""A ledger's books: answers that stay the same, and what is forgotten."""

from typing import Any

import pytest

from sagas.participants.ledger import Account, Rejection
from sagas.participants.ledger_book import ACCOUNTS, ANSWERS, ORDER, RESERVATIONS, STORES, Book, read_account
from schemas.outcome import Code, Completed, Failed, Outcome
from tests.unit.sagas.participants.memory import Memory

KEEP_MS = 1_000


class Ledger:
    """A book, and a clock that a test moves."""

    def __init__(self) -> None:
        self.memory, self.now_ms, self._ids = Memory(), 0, 0

    def ask(self, operation: str, amount: int = 0, reservation: str = "", **more: Any) -> Outcome:
        self._ids += 1
        record = {"request_id": f"id-{self._ids}", "operation": operation, "tenant": "t", "amount": amount}
        asked = {**record, "reservation": reservation, **more}
        return Book(self.memory, KEEP_MS).answer(asked, self.now_ms)

    def account(self, tenant: str = "t") -> Account:
        return read_account(self.memory.data[ACCOUNTS][tenant.encode()])

    def code(self, *asked: Any, **more: Any) -> str | None:
        outcome = self.ask(*asked, **more)
        return outcome.code if isinstance(outcome, Failed) else None


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_the_answer_says_how_the_account_is(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10)
    assert ledger.ask("RESERVE", 4, "r") == Completed(
        {"effect": True, "granted": 10, "free": 6, "reserved": 4, "charged": 0}
    )
    assert ledger.account() == Account(10, 6, 4, 0)


def test_a_repeat_has_the_same_answer_and_no_effect(ledger: Ledger) -> None:
    first = ledger.ask("GRANT", 10, request_id="one")
    ledger.ask("RESERVE", 4, "r")
    assert ledger.ask("GRANT", 10, request_id="one") == first
    assert ledger.account() == Account(10, 6, 4, 0)


def test_a_refusal_is_repeated_too_even_when_it_could_be_done_now(ledger: Ledger) -> None:
    refused = ledger.ask("RESERVE", 4, "r", request_id="one")
    ledger.ask("GRANT", 10)
    assert isinstance(refused, Failed)
    assert refused.code is Rejection.INSUFFICIENT_CREDIT
    assert ledger.ask("RESERVE", 4, "r", request_id="one") == refused
    assert ledger.account().reserved == 0


@pytest.mark.parametrize("other", [("GRANT", 11, ""), ("RESERVE", 10, "r"), ("CHARGE", 0, "r")])
def test_an_id_that_asks_for_something_else_is_refused(ledger: Ledger, other: tuple[str, int, str]) -> None:
    ledger.ask("GRANT", 10, request_id="one")
    assert ledger.code(*other, request_id="one") == Code.REQUEST_ID_CONFLICT
    assert ledger.account() == Account(10, 10, 0, 0)


def test_tenants_know_nothing_of_each_other(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10, request_id="one")
    ledger.ask("GRANT", 5, request_id="one", tenant="u")
    ledger.ask("RESERVE", 5, "r")
    assert ledger.code("CHARGE", 0, "r", tenant="u") == Rejection.RESERVATION_UNKNOWN
    assert (ledger.account(), ledger.account("u")) == (Account(10, 5, 5, 0), Account(5, 5, 0, 0))


def test_an_undo_that_comes_first_keeps_its_reserve_out(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10)
    assert ledger.code("RELEASE", 0, "r") is None
    assert ledger.code("RESERVE", 4, "r") == Rejection.RESERVATION_RELEASED
    assert ledger.account() == Account(10, 10, 0, 0)


def test_answers_and_closed_reservations_are_forgotten_and_open_ones_are_not(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10)
    ledger.ask("RESERVE", 4, "open")
    ledger.ask("RESERVE", 2, "closed")
    ledger.ask("CHARGE", 0, "closed")
    ledger.ask("RELEASE", 0, "never seen")
    ledger.now_ms = KEEP_MS + 1
    for _ in range(3):
        ledger.ask("GRANT", 1)
    data = ledger.memory.data
    assert set(data[RESERVATIONS]) == {b"t\0open"}
    assert len(data[ANSWERS]) == len(data[ORDER]) == 3
    assert ledger.account() == Account(13, 7, 4, 2)
    assert ledger.code("CHARGE", 0, "open") is None


def test_nothing_is_forgotten_before_its_time(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10, request_id="one")
    ledger.now_ms = KEEP_MS
    ledger.ask("GRANT", 1)
    assert ledger.ask("GRANT", 10, request_id="one") == Completed(
        {"effect": True, "granted": 10, "free": 10, "reserved": 0, "charged": 0}
    )


def test_a_reservation_that_was_closed_late_is_remembered_from_then_on(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10)
    ledger.ask("RESERVE", 4, "r")
    ledger.now_ms = KEEP_MS
    ledger.ask("RELEASE", 0, "r")
    ledger.now_ms = KEEP_MS + 1
    ledger.ask("GRANT", 1)
    assert ledger.code("RESERVE", 4, "r") == Rejection.RESERVATION_RELEASED


def test_it_writes_to_its_stores_alone(ledger: Ledger) -> None:
    ledger.ask("GRANT", 10)
    ledger.ask("RESERVE", 4, "r")
    assert set(ledger.memory.data) <= set(STORES)
