"""Three-step sagas with real participants on one orchestrator, beside what Temporal's dev server did."""

from statistics import median

from bench.environment import Bench
from bench.saga_definitions import THREE
from bench.saga_ground import ground, named
from streams.proof.rows import Row, at_least, reported, say

ROUNDS = 3
TEMPORAL = 40.0
"""Sagas a second of a Temporal dev server (CLI 1.5.1), its Python SDK and three activities that do nothing, measured on
two such cores: it needs its own toolchain to be built, so the figure is kept and not measured again."""


def measure(bench: Bench) -> list[Row]:
    """The sagas are all asked for before the workers start."""
    rates = [throughput(bench, bench.size(20_000, 1_000)) for _ in range(1 if bench.quick else ROUNDS)]
    spread = f"{min(rates):.0f} to {max(rates):.0f} in {len(rates)} rounds"
    against = "a dev server, kept figure: 40 sagas/s"
    return [
        reported("three echoes, one orchestrator", median(rates), "sagas/s", spread),
        at_least("three echoes against Temporal's dev server", median(rates) / TEMPORAL, "x", 25.0, against),
    ]


def throughput(bench: Bench, count: int) -> float:
    """Sagas a second."""
    with ground(bench) as site:
        site.start(THREE, named("three", count))
        with site.worker(1, "echo") as echo, site.orchestrator() as orchestrator:
            rate = site.sagas_per_second(count, orchestrator, echo)
            cost = orchestrator.cpu_seconds() / count * 1e6
    say(f"three echoes: {rate:,.0f} sagas/s, at most {cost:,.0f} us of the orchestrator's processor time a saga")
    return rate
