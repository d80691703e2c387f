"""Latency of echo, from the moment a request is due to its committed answer, beside a bare poll loop."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from statistics import median

from bench.contestants import echo_task, workers
from bench.environment import Bench, lane
from bench.generator import Latencies, Plan
from bench.load import request_codec
from bench.pairs import Ratio
from bench.programs import ROOT, running
from streams.proof.rows import Row, at_most, reported, say

ROUNDS = 3
WARM_RATE, WARM_SECONDS = 1_000, 40.0
GOALS = {200: 2.5, 5_000: 3.5}


def measure(bench: Bench) -> list[Row]:
    """Both contestants run all the while, each on topics of its own; they are asked in turn."""
    rounds, seconds = (1, 4.0) if bench.quick else (ROUNDS, 20.0)
    with contestants(bench) as plans:
        found: dict[tuple[str, int], list[Latencies]] = {}
        for rate in GOALS:
            for number in range(rounds):
                order = list(plans) if number % 2 == 0 else list(reversed(plans))
                for name in order:
                    found.setdefault((name, rate), []).append(ask(bench, plans[name], rate, name, seconds))
    return [row for rate, goal in GOALS.items() for row in rows(rate, goal, found["worker", rate], found["bare", rate])]


@contextmanager
def contestants(bench: Bench) -> Iterator[dict[str, Plan]]:
    """A worker and a bare poll loop, and where each is to be asked."""
    made = lane(bench, "echo")
    source, target, dead = bench.topic("poll-requests"), bench.topic("poll-out"), bench.topic("poll-dead")
    task = echo_task(bench, source, target, dead, quick_poll=True)
    command = [sys.executable, "-m", "bench.peers.bare_loop", json.dumps(asdict(task))]
    schema = request_codec(bench, "echo", made.binding.requests[0]).schema_id
    with workers(made, 1), running(command, bench.log("bare-poll")):
        plans = {
            "worker": Plan(bench.bootstrap, made.binding.requests[0], made.binding.results, schema, 0, 0),
            "bare": Plan(bench.bootstrap, source, target, task.request_schema, 0, 0),
        }
        # Small transactions take other ways through the broker than large ones: its JVM compiles those too.
        for name, plan in plans.items():
            ask(bench, plan, WARM_RATE, f"{name}, to warm up", 2.0 if bench.quick else WARM_SECONDS)
        yield plans


def ask(bench: Bench, plan: Plan, rate: float, name: str, seconds: float) -> Latencies:
    """The latencies of one contestant at one rate."""
    told = json.dumps({**asdict(plan), "rate": rate, "seconds": seconds})
    done = subprocess.run(
        [sys.executable, "-m", "bench.generator", told], cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    if done.returncode:
        raise RuntimeError(f"the generator failed:\n{done.stderr[-2_000:]}")
    found = Latencies(**json.loads(done.stdout))
    times = f"p50 {found.p50:.1f}, p95 {found.p95:.1f}, p99 {found.p99:.1f} ms"
    say(f"{name} at {rate:g}/s: {times}, {found.missing} missing, sender at most {found.behind_ms:.0f} ms late")
    return found


def rows(rate: int, goal: float, ours: list[Latencies], bare: list[Latencies]) -> list[Row]:
    """The figures of one rate."""
    ratio = Ratio(tuple(one.p99 for one in ours), tuple(one.p99 for one in bare))
    at = f"latency at {rate:,}/s"
    return [
        reported(f"{at}, p50", median(one.p50 for one in ours), "ms"),
        reported(f"{at}, p99", median(one.p99 for one in ours), "ms"),
        reported(f"{at}, bare poll loop, p99", median(one.p99 for one in bare), "ms"),
        at_most(f"{at}, p99 against the bare poll loop", ratio.value, "x", goal, ratio.spread),
    ]
