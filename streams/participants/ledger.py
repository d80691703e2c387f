"""The handler of the ledger's lane: each tenant's credits, in the store of the partition that its key leads to."""

from collections.abc import Sequence

from sagas.participants.ledger_book import STORES, Book
from schemas.handler import Effects, State
from schemas.outcome import Code, Failed, Outcome
from schemas.request import Request


class LedgerHandler:
    """Answers from the books, in order; credits move in the transaction that holds the answer."""

    stateful = True
    stores: tuple[str, ...] = STORES
    ready = True

    def __init__(self, remember_hours: float) -> None:
        self._remember_ms = int(remember_hours * 3_600_000)

    async def start(self) -> None:
        """Needs nothing."""

    async def stop(self) -> None:
        """Holds nothing."""

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """Outcomes in the order of the requests."""
        now_ms = int(now * 1000)
        return Effects([self._answer(request, state, now_ms) for request in requests])

    def _answer(self, request: Request, state: State, now_ms: int) -> Outcome:
        tenant = request.record["tenant"]
        if request.key != tenant.encode():
            return keyed_otherwise(request.key, tenant)
        book = Book(state.partition(request.topic, request.partition), self._remember_ms)
        return book.answer(request.record, now_ms)


def keyed_otherwise(key: bytes | None, tenant: str) -> Failed:
    """The refusal of a request whose key is not its tenant: two partitions could come to hold one account."""
    found = "no key" if key is None else f"the key {key[:80].decode(errors='backslashreplace')!r}"
    message = f"the record's key must be its tenant, {tenant!r}, found {found}; send it anew, with a new request_id"
    return Failed(Code.INVALID_ARGUMENT, message, details={"field": "key"})
