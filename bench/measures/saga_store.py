"""What a full store costs: the same sagas, while few or many others are running."""

from statistics import median

from bench.environment import Bench
from bench.measures.saga_throughput import ROUNDS
from bench.pairs import Ratio, take_turns
from bench.progress import count_records, watch
from bench.saga_definitions import BRIEF, WAITING
from bench.saga_ground import Ground, named
from streams.proof.rows import Row, at_least, reported

SIZES = (1_000, 10_000, 100_000)
TRANSITIONS = 5
"""Of one saga: its start, three replies, and that it is forgotten."""


def measure(bench: Bench) -> list[Row]:
    """Each store is on a site of its own; they take turns."""
    sites = {size: filled(bench, size if not bench.quick else size // 50) for size in SIZES}
    try:
        turns = {str(size): Pace(site, bench.size(10_000, 500)) for size, site in sites.items()}
        found = take_turns({name: pace.sagas_per_second for name, pace in turns.items()}, 1 if bench.quick else ROUNDS)
    finally:
        for site in sites.values():
            site.discard()
    few, rows = found[str(SIZES[0])], []
    for size in SIZES:
        rate = TRANSITIONS * median(found[str(size)])
        rows.append(reported(f"transitions with {size:,} running sagas", rate, "transitions/s"))
    for size in SIZES[1:]:
        ratio = Ratio(found[str(size)], few)
        title = f"{size:,} running sagas against {SIZES[0]:,}"
        rows.append(at_least(title, ratio.value, "x", 0.8, ratio.spread))
    return rows


def filled(bench: Bench, running: int) -> Ground:
    """A site with so many running sagas."""
    site = Ground.made(bench)
    site.start(WAITING, named("waiting", running))
    with site.orchestrator() as program:
        watch(bench.bootstrap, site.outcomes, running, [program])
    return site


class Pace:
    """Runs sagas on a site, each time others."""

    def __init__(self, site: Ground, count: int) -> None:
        self._site, self._count, self._turn = site, count, 0

    def sagas_per_second(self) -> float:
        """One turn."""
        self._turn += 1
        there = count_records(self._site.bench.bootstrap, self._site.outcomes)
        with self._site.worker(1, "echo") as echo, self._site.orchestrator() as orchestrator:
            self._site.wait_ready(0, 1)
            self._site.start(BRIEF, named(f"turn-{self._turn}", self._count))
            return self._site.sagas_per_second(self._count, orchestrator, echo, there=there)
