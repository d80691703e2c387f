"""A ledger's books: accounts, reservations and answers, in the store of one partition.

An answer is remembered for a time, and so is a closed reservation. Each operation on a tenant forgets at most two of
the tenant's oldest answers, so that no operation is slow and nothing has to be swept.

Everything is JSON, so that a version of this code reads what another one wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps, loads
from typing import Any

from sagas.participants.ledger import Account, Rejection, Reservation, Status, decide
from sagas.participants.ledger_request import Operation
from schemas.handler import PartitionState
from schemas.outcome import Code, Completed, Failed, Outcome

ACCOUNTS, RESERVATIONS, ANSWERS, ORDER = "accounts", "reservations", "answers", "order"
STORES = (ACCOUNTS, RESERVATIONS, ANSWERS, ORDER)
FORGOTTEN_AT_ONCE = 2
SEQUENCE_BYTES = 8

CONFLICT = Failed(
    Code.REQUEST_ID_CONFLICT,
    "another request of this tenant with this request_id asked for something else; use a new request_id",
)


@dataclass(slots=True)
class Page:
    """An account, and the numbers of the tenant's oldest remembered answer and of its next."""

    account: Account
    oldest: int = 0
    next: int = 0


class Book:
    """Answers requests from one partition's state; `remember_ms` is how long an answer counts. Never blocks."""

    def __init__(self, state: PartitionState, remember_ms: int) -> None:
        self._state = state
        self._remember_ms = remember_ms

    def answer(self, request: Mapping[str, Any], now_ms: int) -> Outcome:
        """The outcome of a checked LedgerRequest's record; a request that was answered gets the same again."""
        tenant, request_id = request["tenant"], request["request_id"]
        terms = [request["operation"], request["amount"], request["reservation"]]
        known = self._load(ANSWERS, place(tenant, request_id))
        if known is not None:
            return read_outcome(known) if known["terms"] == terms else CONFLICT
        page = self._page(tenant)
        self._forget(page, tenant, now_ms - self._remember_ms)
        outcome = self._act(page, request, now_ms)
        note = {"terms": terms, "at": now_ms, **written(outcome)}
        self._save(ANSWERS, place(tenant, request_id), note)
        self._state.put(ORDER, ordered(tenant, page.next), request_id.encode())
        page.next += 1
        self._save(ACCOUNTS, tenant.encode(), written_page(page))
        return outcome

    def _act(self, page: Page, request: Mapping[str, Any], now_ms: int) -> Outcome:
        name = request["reservation"]
        key = place(request["tenant"], name)
        kept = self._load(RESERVATIONS, key) if name else None
        found = None if kept is None else Reservation(Status(kept["status"]), kept["amount"])
        decision = decide(page.account, found, Operation(request["operation"]), request["amount"], name)
        if isinstance(decision, Failed):
            return decision
        page.account, after = decision.account, decision.reservation
        if after is not None and after != found:
            self._save(RESERVATIONS, key, {"status": after.status, "amount": after.amount, "at": now_ms})
        account = page.account
        return Completed(
            {
                "effect": decision.effect,
                "granted": account.granted,
                "free": account.free,
                "reserved": account.reserved,
                "charged": account.charged,
            }
        )

    def _forget(self, page: Page, tenant: str, until_ms: int) -> None:
        """Drops the tenant's oldest answers that were given before `until_ms`, and what they closed; two at most."""
        for _ in range(FORGOTTEN_AT_ONCE):
            if page.oldest == page.next:
                return
            spot = ordered(tenant, page.oldest)
            request_id = self._state.get(ORDER, spot) or b""
            key = tenant.encode() + b"\0" + request_id
            answer = self._load(ANSWERS, key)
            if answer is not None:
                if answer["at"] >= until_ms:
                    return
                self._forget_closed(place(tenant, answer["terms"][2]), until_ms)
            self._state.delete(ANSWERS, key)
            self._state.delete(ORDER, spot)
            page.oldest += 1

    def _forget_closed(self, key: bytes, until_ms: int) -> None:
        reservation = self._load(RESERVATIONS, key)
        if reservation is not None and reservation["status"] != Status.RESERVED and reservation["at"] < until_ms:
            self._state.delete(RESERVATIONS, key)

    def _page(self, tenant: str) -> Page:
        kept = self._state.get(ACCOUNTS, tenant.encode())
        return Page(Account()) if kept is None else read_page(kept)

    def _load(self, store: str, key: bytes) -> Any:
        value = self._state.get(store, key)
        return None if value is None else loads(value)

    def _save(self, store: str, key: bytes, value: Mapping[str, Any]) -> None:
        self._state.put(store, key, dumps(value, separators=(",", ":")).encode())


def place(tenant: str, name: str) -> bytes:
    """The key of what a tenant has under a name; neither holds a zero character."""
    return f"{tenant}\0{name}".encode()


def ordered(tenant: str, number: int) -> bytes:
    """The key of the tenant's so manyth answer."""
    return tenant.encode() + b"\0" + number.to_bytes(SEQUENCE_BYTES, "big")


def read_account(value: bytes) -> Account:
    """The account in a record of the store ACCOUNTS, whose key is the tenant."""
    return read_page(value).account


def read_page(value: bytes) -> Page:
    """A page as it was written."""
    kept = loads(value)
    account = Account(kept["granted"], kept["free"], kept["reserved"], kept["charged"])
    return Page(account, kept["oldest"], kept["next"])


def written_page(page: Page) -> dict[str, int]:
    """A page as it is kept."""
    account = page.account
    return {
        "granted": account.granted,
        "free": account.free,
        "reserved": account.reserved,
        "charged": account.charged,
        "oldest": page.oldest,
        "next": page.next,
    }


def read_outcome(kept: Mapping[str, Any]) -> Outcome:
    """An outcome as it was written."""
    if "output" in kept:
        return Completed(kept["output"])
    code = kept["code"]
    known = Rejection(code) if code in Rejection.__members__ else Code(code)
    return Failed(known, kept["message"], details=kept["details"])


def written(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is kept."""
    if isinstance(outcome, Completed):
        return {"output": dict(outcome.output)}
    return {"code": outcome.code, "message": outcome.message, "details": dict(outcome.details)}
