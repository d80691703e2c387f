"""A ledger under any order of operations, repeats and forgetting, against a model of a few lines."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sagas.participants.ledger import Account, Rejection
from sagas.participants.ledger_book import ACCOUNTS, ANSWERS, ORDER, Book, read_account
from schemas.outcome import Failed, Outcome
from tests.unit.sagas.participants.memory import Memory

KEEP_MS = 1_000
TENANTS = st.sampled_from(["a", "b"])
NAMES = st.sampled_from(["x", "y", "z"])
AMOUNTS = st.integers(1, 50)
GONE, HELD, SPENT = "gone", "held", "spent"


class LedgerMachine(RuleBasedStateMachine):
    """The model keeps what each reservation holds, and never forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        self.now_ms = 0
        self.granted = {"a": 0, "b": 0}
        self.reservations: dict[tuple[str, str], tuple[str, int]] = {}
        self.asked: list[tuple[dict[str, Any], Outcome, int]] = []

    @property
    def epoch(self) -> int:
        """Names are used within one epoch only, so that nothing is forgotten while its name is in use."""
        return self.now_ms // KEEP_MS

    def ask(self, operation: str, tenant: str, amount: int = 0, reservation: str = "") -> str | None:
        record = {
            "request_id": f"id-{len(self.asked)}",
            "operation": operation,
            "tenant": tenant,
            "amount": amount,
            "reservation": reservation,
        }
        outcome = self.answer(record)
        self.asked.append((record, outcome, self.now_ms))
        return outcome.code if isinstance(outcome, Failed) else None

    def answer(self, record: dict[str, Any]) -> Outcome:
        return Book(self.memory, KEEP_MS).answer(record, self.now_ms)

    def held(self, tenant: str, *kinds: str) -> int:
        return sum(
            amount for (owner, _), (kind, amount) in self.reservations.items() if owner == tenant and kind in kinds
        )

    def account(self, tenant: str) -> Account:
        kept = self.memory.data[ACCOUNTS].get(tenant.encode())
        return Account() if kept is None else read_account(kept)

    @rule(tenant=TENANTS, amount=AMOUNTS)
    def grant(self, tenant: str, amount: int) -> None:
        assert self.ask("GRANT", tenant, amount) is None
        self.granted[tenant] += amount

    @rule(tenant=TENANTS, name=NAMES, amount=AMOUNTS)
    def reserve(self, tenant: str, name: str, amount: int) -> None:
        name = f"{name}{self.epoch}"
        kind, _ = self.reservations.get((tenant, name), (None, 0))
        free = self.granted[tenant] - self.held(tenant, HELD, SPENT)
        code = self.ask("RESERVE", tenant, amount, name)
        if kind == HELD:
            assert code == Rejection.RESERVATION_EXISTS
        elif kind is None:
            assert code == (None if amount <= free else Rejection.INSUFFICIENT_CREDIT)
            if code is None:
                self.reservations[tenant, name] = (HELD, amount)
        else:
            assert code == {SPENT: Rejection.RESERVATION_CHARGED, GONE: Rejection.RESERVATION_RELEASED}[kind]

    @rule(tenant=TENANTS, name=NAMES)
    def charge(self, tenant: str, name: str) -> None:
        self.close_by_charge(tenant, f"{name}{self.epoch}")

    def close_by_charge(self, tenant: str, name: str) -> None:
        kind, amount = self.reservations.get((tenant, name), (None, 0))
        code = self.ask("CHARGE", tenant, 0, name)
        expected = {
            None: Rejection.RESERVATION_UNKNOWN,
            SPENT: Rejection.RESERVATION_CHARGED,
            GONE: Rejection.RESERVATION_RELEASED,
            HELD: None,
        }
        assert code == expected[kind]
        if kind == HELD:
            self.reservations[tenant, name] = (SPENT, amount)

    @rule(tenant=TENANTS, name=NAMES)
    def release(self, tenant: str, name: str) -> None:
        self.close_by_release(tenant, f"{name}{self.epoch}")

    def close_by_release(self, tenant: str, name: str) -> None:
        kind, _ = self.reservations.get((tenant, name), (None, 0))
        code = self.ask("RELEASE", tenant, 0, name)
        assert code == (Rejection.RESERVATION_CHARGED if kind == SPENT else None)
        if kind != SPENT:
            self.reservations[tenant, name] = (GONE, 0)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        record, outcome, at_ms = data.draw(st.sampled_from(self.asked))
        if self.now_ms - at_ms <= KEEP_MS:
            before = {store: dict(entries) for store, entries in self.memory.data.items()}
            assert self.answer(record) == outcome
            assert before == self.memory.data

    @rule(milliseconds=st.integers(1, KEEP_MS // 4))
    def pass_a_little_time(self, milliseconds: int) -> None:
        self.now_ms += milliseconds

    @rule()
    def pass_much_time(self) -> None:
        """So much that what is closed may be forgotten: nobody uses its name after that."""
        self.now_ms += 2 * KEEP_MS

    @precondition(lambda self: any(kind == HELD for kind, _ in self.reservations.values()))
    @rule(data=st.data(), spend=st.booleans())
    def close_an_open_one(self, data: st.DataObject, spend: bool) -> None:
        """However long ago it was made."""
        is_open = sorted(place for place, (kind, _) in self.reservations.items() if kind == HELD)
        tenant, name = data.draw(st.sampled_from(is_open))
        (self.close_by_charge if spend else self.close_by_release)(tenant, name)

    @invariant()
    def every_account_adds_up(self) -> None:
        for tenant, granted in self.granted.items():
            account = self.account(tenant)
            assert account.adds_up
            assert (account.granted, account.reserved) == (granted, self.held(tenant, HELD))
            assert account.charged == self.held(tenant, SPENT)

    @invariant()
    def answers_are_kept_in_order(self) -> None:
        assert len(self.memory.data[ANSWERS]) == len(self.memory.data[ORDER])


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_ledger = LedgerMachine.TestCase
