"""The ledger's handler: which requests it takes, and where it keeps what."""

from typing import Any, cast

import pytest

from sagas.participants.ledger_book import STORES
from schemas.envelope import NO_HEADERS
from schemas.outcome import Code, Completed, Failed, Outcome
from schemas.partitioner import partition_for
from schemas.registry import Registry
from schemas.request import Request
from streams.directory import Directory
from streams.participants.ledger import LedgerHandler
from streams.state.stores import StateStores

TOPIC, PARTITIONS = "asked", 4


class Topics:
    """A directory of one topic; implements what the handler asks of a `Directory`."""

    def learn_now(self, topics: tuple[str, ...]) -> None:
        self.asked = topics

    def partitions(self, topic: str) -> int | None:
        return PARTITIONS if topic == TOPIC else None


class Lane:
    """The handler with the state of all partitions."""

    def __init__(self) -> None:
        self.stores = StateStores(STORES)
        for number in range(PARTITIONS):
            self.stores.assign(TOPIC, number)
        self.handler = LedgerHandler([TOPIC, "missing"], 1.0)
        self.batches = 0

    def connect(self) -> None:
        self.handler.connect(cast(Directory, Topics()), cast(Registry, None))

    async def ask(self, *requests: Request) -> list[Outcome | None]:
        self.batches += 1
        state = self.stores.begin(self.batches)
        effects = await self.handler.handle(requests, state, 1.0)
        self.stores.end()
        assert not effects.emissions
        return effects.outcomes


def request(tenant: str, number: int = 1, **changes: Any) -> Request:
    record = {"request_id": f"id-{number}", "operation": "GRANT", "tenant": tenant, "amount": 1, "reservation": ""}
    asked = {"key": tenant.encode(), "partition": partition_for(tenant.encode(), PARTITIONS), **changes}
    return Request(TOPIC, asked["partition"], number, 0, asked["key"], record, NO_HEADERS)


def refusal(outcome: Outcome | None) -> Failed:
    assert isinstance(outcome, Failed)
    assert outcome.code is Code.INVALID_ARGUMENT
    return outcome


@pytest.fixture
def lane() -> Lane:
    made = Lane()
    made.connect()
    return made


async def test_each_tenant_has_its_account_in_its_partition(lane: Lane) -> None:
    tenants = [f"tenant-{number}" for number in range(12)]
    outcomes = await lane.ask(*(request(tenant) for tenant in tenants), request(tenants[0], 2))
    granted = [outcome.output["granted"] for outcome in outcomes if isinstance(outcome, Completed)]
    assert granted == [1] * 12 + [2]
    kept = set(lane.stores.changes(1))
    assert kept == {(TOPIC, partition_for(tenant.encode(), PARTITIONS)) for tenant in tenants}


@pytest.mark.parametrize(
    ("key", "found"), [(b"id-1", "the key b'id-1'"), (None, "no key"), (b"\xff", r"the key b'\xff'")]
)
async def test_a_key_that_is_not_the_tenant_is_refused(lane: Lane, key: bytes | None, found: str) -> None:
    [outcome] = await lane.ask(request("t", key=key))
    refused = refusal(outcome)
    assert f"must be its tenant, 't', found {found}" in refused.message
    assert refused.details == {"field": "key"}
    assert not lane.stores.changes(1)


async def test_a_partition_that_is_not_the_keys_is_refused(lane: Lane) -> None:
    right = partition_for(b"t", PARTITIONS)
    wrong = (right + 1) % PARTITIONS
    [outcome] = await lane.ask(request("t", partition=wrong))
    refused = refusal(outcome)
    assert f"belongs to partition {right} by Java's partitioner and this came on {wrong}" in refused.message
    assert refused.details == {"field": "partition"}
    assert not lane.stores.changes(1)


async def test_what_is_wrong_with_one_request_is_nothing_to_its_neighbours(lane: Lane) -> None:
    outcomes = await lane.ask(request("t"), request("u", key=b"t"), request("t", 2))
    assert [type(outcome) for outcome in outcomes] == [Completed, Failed, Completed]
