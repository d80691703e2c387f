"""A lane's binding: the names that it reads, answers and remembers under."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.topics import (
    dead_letters_topic,
    requests_topic,
    results_topic,
    tenant_requests_topic,
    tenant_results_topic,
)
from streams.settings import Settings
from streams.tenants import prefix


@dataclass(frozen=True, slots=True)
class Counter:
    """Where one tenant comes to a lane: what it asks on, what it is answered on, what of it could not be read."""

    tenant: str
    requests: str
    results: str
    dead_letters: str


@dataclass(frozen=True, slots=True)
class Binding:
    """The topics and the consumer group of one lane; `guarded` are others that no client may have its answer on.

    `results` and `dead_letters` are those of requests that are no tenant's; `counters` are the tenants', by the topic
    of their requests, which `requests` names too. `tenants` are those of all lanes.
    """

    name: str
    requests: tuple[str, ...]
    results: str
    group: str
    repeats: str
    state: str
    dead_letters: str
    control: str
    guarded: tuple[str, ...] = ()
    counters: Mapping[str, Counter] = field(default_factory=dict, hash=False)
    tenants: tuple[str, ...] = ()

    def results_of(self, requests: str) -> str:
        """Where requests of this topic are answered."""
        counter = self.counters.get(requests)
        return self.results if counter is None else counter.results

    def dead_letters_of(self, requests: str) -> str:
        """Where records of this topic go that can't be read."""
        counter = self.counters.get(requests)
        return self.dead_letters if counter is None else counter.dead_letters

    @property
    def answers(self) -> tuple[str, ...]:
        """Every topic of results, and every one of dead letters."""
        counters = self.counters.values()
        own = (self.results, self.dead_letters)
        return *own, *(topic for one in counters for topic in (one.results, one.dead_letters))

    def stranger(self, requests: str, reply_to: str) -> bool:
        """Whether a request of this topic would have its answer where another tenant may read or ask.

        What a worker may write is more than what its clients may: it must not do for one what only another may.
        """
        counter = self.counters.get(requests)
        if counter is not None:
            return not reply_to.startswith(prefix(counter.tenant))
        return reply_to.startswith(tuple(map(prefix, self.tenants)))


def bind(settings: Settings, name: str) -> Binding:
    """The binding of a lane: what the settings say, the defaults for the rest; to a tenant's client, the tenant's."""
    lane = settings.lane(name)
    group = lane.group or f"sluicegate.{name}"
    tenants = lane.tenants if settings.tenant is None else (settings.tenant,)
    counters = {one.requests: one for one in (counter(tenant, name) for tenant in tenants)}
    mine = counter(settings.tenant, name) if settings.tenant is not None else None
    own = lane.requests or (requests_topic(name),)
    return Binding(
        name=name,
        requests=(mine.requests,) if mine is not None else (*own, *counters),
        results=mine.results if mine is not None else lane.results or results_topic(name),
        group=group,
        repeats=f"{group}.repeats",
        state=f"{group}.state",
        dead_letters=settings.letters,
        control=settings.control,
        guarded=guarded(settings),
        counters=counters,
        tenants=tenants_of(settings),
    )


def counter(tenant: str, lane: str) -> Counter:
    """A tenant's topics at a lane."""
    return Counter(
        tenant, tenant_requests_topic(tenant, lane), tenant_results_topic(tenant, lane), dead_letters_topic(tenant)
    )


def tenants_of(settings: Settings) -> tuple[str, ...]:
    """The tenants of all lanes, each once."""
    return tuple(dict.fromkeys(tenant for lane in settings.lanes.values() for tenant in lane.tenants))


def guarded(settings: Settings) -> tuple[str, ...]:
    """What sagas are read back from: an answer among it would spoil them."""
    sagas = settings.sagas
    return sagas.history, sagas.attention, sagas.orphans, sagas.definitions
