"""The handler of the ledger's lane: each tenant's credits, in the store of the partition that its key leads to."""

from collections.abc import Sequence
from functools import lru_cache

from sagas.participants.ledger_book import STORES, Book
from schemas.handler import Effects, State
from schemas.outcome import Code, Failed, Outcome
from schemas.partitioner import partition_for
from schemas.registry import Registry
from schemas.request import Request
from streams.directory import Directory

place_of = lru_cache(maxsize=16_384)(partition_for)


class LedgerHandler:
    """Answers from the books, in order; credits move in the transaction that holds the answer.

    `topics` are those that its requests come from.
    """

    stateful = True
    stores: tuple[str, ...] = STORES
    ready = True

    def __init__(self, topics: Sequence[str], remember_hours: float) -> None:
        self._remember_ms = int(remember_hours * 3_600_000)
        self._topics = tuple(topics)
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Needs nothing."""

    async def stop(self) -> None:
        """Holds nothing."""

    def connect(self, directory: Directory, registry: Registry) -> None:
        """Learns how many partitions its topics have. Blocks; raises KafkaException while the cluster is away."""
        directory.learn_now(self._topics)
        counts = {topic: directory.partitions(topic) for topic in self._topics}
        self._partitions = {topic: count for topic, count in counts.items() if count is not None}

    async def handle(self, requests: Sequence[Request], state: State, now: float) -> Effects:
        """Outcomes in the order of the requests."""
        now_ms = int(now * 1000)
        return Effects([self._answer(request, state, now_ms) for request in requests])

    def _answer(self, request: Request, state: State, now_ms: int) -> Outcome:
        tenant = request.record["tenant"]
        key = tenant.encode()
        if request.key != key:
            return keyed_otherwise(request.key, tenant)
        count = self._partitions.get(request.topic)
        if count is not None and place_of(key, count) != request.partition:
            return misplaced(request.partition, place_of(key, count), tenant)
        book = Book(state.partition(request.topic, request.partition), self._remember_ms)
        return book.answer(request.record, now_ms)


def keyed_otherwise(key: bytes | None, tenant: str) -> Failed:
    """The refusal of a request whose key is not its tenant: two partitions could come to hold one account."""
    found = "no key" if key is None else f"the key {key[:80]!r}"
    message = f"the record's key must be its tenant, {tenant!r}, found {found}; send it with that key"
    return Failed(Code.INVALID_ARGUMENT, message, details={"field": "key"})


def misplaced(found: int, right: int, tenant: str) -> Failed:
    """The refusal of a request that another partitioner placed, for the same reason."""
    message = (
        f"tenant {tenant!r} belongs to partition {right} by Java's partitioner and this came on {found}; "
        "librdkafka's clients need partitioner=murmur2_random"
    )
    return Failed(Code.INVALID_ARGUMENT, message, details={"field": "partition"})
