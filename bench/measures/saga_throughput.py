"""Three-step sagas with real participants on one orchestrator, in turn with those of Temporal's dev server."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.environment import Bench
from bench.pairs import Ratio, take_turns
from bench.peers.install import temporal_python, temporal_server
from bench.programs import ROOT, running
from bench.saga_definitions import THREE
from bench.saga_ground import ground, named
from streams.proof.rows import Row, at_least, reported, say
from streams.stack.ports import HOST, free
from streams.testing import eventually

ROUNDS = 3
AT_ONCE = 100
READY_SECONDS = 60.0
KEPT = 40.0
"""Sagas a second of a Temporal dev server (CLI 1.5.1) and its Python SDK on two cores: the figure that counts where
there is no Go to build the server with."""
GOAL = 25.0
AGAINST = "three echoes against Temporal's dev server"


def measure(bench: Bench) -> list[Row]:
    """All sagas are asked for before the workers start; Temporal has a hundred workflows under way."""
    rounds, count = 1 if bench.quick else ROUNDS, bench.size(20_000, 1_000)
    server = temporal_server()
    if server is None:
        rates = [throughput(bench, count) for _ in range(rounds)]
        kept = f"there is no Go to build it with: its kept figure, {KEPT:g} sagas/s"
        return [ours(rates), at_least(AGAINST, median(rates) / KEPT, "x", GOAL, kept)]
    workflows = bench.size(2_000, 200)
    found = take_turns(
        {"ours": lambda: throughput(bench, count), "theirs": lambda: temporal(bench, server, workflows)}, rounds
    )
    ratio = Ratio(found["ours"], found["theirs"])
    return [
        ours(ratio.ours),
        reported("three activities, Temporal's dev server", median(ratio.theirs), "sagas/s", f"{AT_ONCE} at once"),
        at_least(AGAINST, ratio.value, "x", GOAL, ratio.spread),
    ]


def ours(rates: Sequence[float]) -> Row:
    """The row of this project's own rate."""
    spread = f"{min(rates):.0f} to {max(rates):.0f} in {len(rates)} rounds"
    return reported("three echoes, one orchestrator", median(rates), "sagas/s", spread)


def throughput(bench: Bench, count: int) -> float:
    """Sagas a second."""
    with ground(bench) as site:
        site.start(THREE, named("three", count))
        with site.worker(1, "echo") as echo, site.orchestrator() as orchestrator:
            rate = site.sagas_per_second(count, orchestrator, echo)
            cost = orchestrator.cpu_seconds() / count * 1e6
    say(f"three echoes: {rate:,.0f} sagas/s, at most {cost:,.0f} us of the orchestrator's processor time a saga")
    return rate


def temporal(bench: Bench, program: Path, count: int) -> float:
    """Workflows a second of a server that keeps everything in memory, started for this."""
    (port,) = free(1)
    address = f"{HOST}:{port}"
    command = [str(program), "server", "start-dev", "--headless", "--ip", HOST, "--port", str(port)]
    question = [str(program), "operator", "namespace", "describe", "default", "--address", address]
    with running([*command, "--log-level", "error"], bench.log(bench.name("temporal"))) as server:

        def ready() -> bool:
            server.check()
            return not subprocess.run(question, capture_output=True, timeout=READY_SECONDS).returncode

        eventually(ready, within=READY_SECONDS, every=0.2, what="the namespace in which workflows run")
        sagas = [str(temporal_python()), "-m", "bench.peers.temporal_sagas", address, str(count), str(AT_ONCE)]
        done = subprocess.run(sagas, cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"Temporal's sagas failed:\n{done.stderr[-2_000:]}")
    rate = float(done.stdout)
    say(f"Temporal's dev server: {rate:,.1f} sagas/s")
    return rate
