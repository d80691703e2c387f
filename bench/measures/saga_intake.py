"""document-intake with its real participants: how many a second, and where their time goes."""

import urllib.request
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import psutil

from bench.environment import Bench
from bench.load import fill
from bench.programs import Program
from bench.saga_ground import Ground, ground
from bench.workload import Draft
from sagas.events import EventKind, HistoryEvent
from streams.client.routes import open_route
from streams.demo.figures import read
from streams.presence import present
from streams.proof.intake_load import ledger_request
from streams.proof.intakes import SAGA
from streams.proof.rows import Row, reported, say
from streams.proof.saga_site import MODELS, ORCHESTRATORS, PARTICIPANTS
from streams.sagas.reading import SagaReader
from streams.stack import kafka, service
from streams.stack.layout import Layout

CREWS = (("orchestrator", ORCHESTRATORS), ("participants", PARTICIPANTS), ("models", MODELS))
TENANTS = 16
TEXT = "The sluice opens at dawn and closes before the mill stands still, whatever the river brings."
IMAGE = b64encode(bytes(range(16)) * 4).decode()


def measure(bench: Bench) -> list[Row]:
    """An orchestrator, a worker with both participants, and one with the models."""
    count = bench.size(2_000, 100)
    with ground(bench) as site, ExitStack() as stack:
        grant(site, count)
        site.start(SAGA, documents(count))
        programs = [stack.enter_context(site.worker(slot, *lanes)) for slot, (_, lanes) in enumerate(CREWS)]
        site.wait_ready(*range(len(CREWS)))
        used = processor_seconds(site, programs)
        rate = site.sagas_per_second(count, *programs)
        after = processor_seconds(site, programs)
        transactions = transactions_of(site)
        shares = elapsed_shares(histories(site))
    spent = {name: (after[name] - used[name]) / count * 1e3 for name in used}
    cost = ", ".join(f"{name} {figure:.1f}" for name, figure in spent.items())
    parts = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    by_lane = ", ".join(f"{lane} {number / count:.3f}" for lane, number in transactions.items())
    say(f"document-intake: {rate:,.1f}/s; transactions {by_lane}; ms of processor time {cost}; time in {parts}")
    return [
        reported("document-intake, real participants", rate, "sagas/s", f"{count} at once"),
        reported("document-intake, transactions a saga", sum(transactions.values()) / count, "", by_lane),
        reported("document-intake, processor time a saga", sum(spent.values()), "ms", cost),
        *(
            reported(f"document-intake, share of elapsed time in {name}", 100 * share, "%")
            for name, share in shares.items()
        ),
    ]


def documents(count: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Start messages."""
    for number in range(count):
        name = f"document-{number}"
        yield name, {"document_id": name, "tenant": f"tenant-{number % TENANTS}", "text": TEXT, "image": IMAGE}


def grant(site: Ground, credits_each: int) -> None:
    """Credits for all tenants."""
    registry = site.bench.registry()
    route = open_route(site.settings, registry, "ledger")
    registry.close()
    requests = [
        ledger_request(f"grant-{number}", "GRANT", f"tenant-{number}", amount=credits_each) for number in range(TENANTS)
    ]
    fill(site.bench, route.topic, (Draft(one["tenant"].encode(), route.encode(one), []) for one in requests))


def processor_seconds(site: Ground, programs: Iterable[Program]) -> dict[str, float]:
    """What each has used so far, children included; the broker's too."""
    found = {name: program.cpu_seconds() for (name, _), program in zip(CREWS, programs, strict=True)}
    broker = service.find(kafka.NAME, Layout.of(site.bench.settings.stack).root)
    if broker is not None:
        found["broker"] = sum(psutil.Process(broker.process.pid).cpu_times()[:2])
    return found


def transactions_of(site: Ground) -> dict[str, float]:
    """How many transactions each lane has committed."""
    found: dict[str, float] = {}
    for one in present(site.settings):
        with urllib.request.urlopen(f"{one.web}/metrics", timeout=10) as answer:
            found |= {lane: figures.transactions for lane, figures in read(answer.read().decode()).items()}
    return found


def histories(site: Ground) -> Iterable[list[HistoryEvent]]:
    """What happened to each saga."""
    registry = site.bench.registry()
    try:
        return SagaReader(site.settings, registry).histories().values()
    finally:
        registry.close()


def elapsed_shares(histories: Iterable[list[HistoryEvent]]) -> dict[str, float]:
    """Which share of the sagas' time, from start to end, each step was awaited; parallel ones overlap.

    What is left is the orchestrator's: from the record of a reply to the records that follow from it.
    """
    spent: dict[str, float] = defaultdict(float)
    total = 0.0
    for events in histories:
        sent = {event.step: event.at_ms for event in events if event.kind is EventKind.STEP_SENT}
        total += events[-1].at_ms - events[0].at_ms
        for event in events:
            if event.kind is EventKind.STEP_DONE:
                spent[event.step] += event.at_ms - sent[event.step]
    return {step: seconds / total for step, seconds in spent.items()} if total else {}
