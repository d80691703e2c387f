"""How long a step takes at half load, beside one request through an echo lane at the same rate of requests."""

import json
import subprocess
import sys
from dataclasses import asdict
from statistics import median

from bench.environment import Bench
from bench.generator import Latencies, Plan
from bench.load import request_codec
from bench.measures.latency import ask
from bench.measures.saga_throughput import throughput
from bench.pairs import Ratio
from bench.programs import ROOT
from bench.saga_definitions import THREE
from bench.saga_generator import STEPS, SagaPlan
from bench.saga_ground import Ground, ground
from sagas.wire.messages import LANE
from schemas.avsc import load
from schemas.codec import Codec
from schemas.subjects import subject
from streams.binding import bind
from streams.proof.rows import Row, at_most, reported, say

ROUNDS = 3
WARM_SECONDS = 15.0


def measure(bench: Bench) -> list[Row]:
    """Two echo workers, one for steps and one for requests; they are asked in turn, on topics of their own."""
    rounds, seconds = (1, 4.0) if bench.quick else (ROUNDS, 20.0)
    rate = throughput(bench, bench.size(20_000, 1_000)) / 2
    steps, requests = list[Latencies](), list[Latencies]()
    with (
        ground(bench) as site, ground(bench) as plain,
        site.orchestrator(), site.worker(1, "echo"), plain.worker(0, "echo"),
    ):  # fmt: skip
        site.wait_ready(0, 1)
        plain.wait_ready(0)
        step_of(site, rate, 2.0 if bench.quick else WARM_SECONDS)
        for number in range(rounds):
            for name in ("step", "request") if number % 2 == 0 else ("request", "step"):
                if name == "step":
                    steps.append(step_of(site, rate, seconds))
                else:
                    requests.append(request_of(plain, rate * STEPS, seconds))
    return rows(rate, steps, requests)


def step_of(site: Ground, rate: float, seconds: float) -> Latencies:
    """The latencies of steps, with so many sagas a second."""
    registry = site.bench.registry()
    schema = load(LANE, "request")
    schema_id = Codec(schema, subject(site.inbox, schema.name), registry).bind()
    registry.close()
    commands = bind(site.settings, "echo").requests[0]
    plan = SagaPlan(site.bench.bootstrap, site.inbox, commands, schema_id, THREE, rate, seconds)
    done = subprocess.run(
        [sys.executable, "-m", "bench.saga_generator", json.dumps(asdict(plan))],
        cwd=ROOT, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the generator failed:\n{done.stderr[-2_000:]}")
    found = Latencies(**json.loads(done.stdout))
    times = f"p50 {found.p50:.1f}, p95 {found.p95:.1f}, p99 {found.p99:.1f} ms"
    say(f"steps at {rate:.0f} sagas/s: {times}, {found.missing} missing, sender at most {found.behind_ms:.0f} ms late")
    return found


def request_of(site: Ground, rate: float, seconds: float) -> Latencies:
    """The latencies of requests to an echo lane, so many a second."""
    binding = bind(site.settings, "echo")
    schema_id = request_codec(site.bench, "echo", binding.requests[0]).schema_id
    plan = Plan(site.bench.bootstrap, binding.requests[0], binding.results, schema_id, 0, 0)
    return ask(site.bench, plan, rate, "echo", seconds)


def rows(rate: float, steps: list[Latencies], requests: list[Latencies]) -> list[Row]:
    """The figures."""
    ratio = Ratio(tuple(one.p99 for one in steps), tuple(one.p99 for one in requests))
    at = f"at {rate:.0f} sagas/s, half load"
    return [
        reported("a step, command to next command, p50", median(one.p50 for one in steps), "ms", at),
        reported("a step, command to next command, p99", median(one.p99 for one in steps), "ms", at),
        reported("a request through an echo lane, p99", median(one.p99 for one in requests), "ms", "as many requests"),
        at_most("a step's p99 against a request's", ratio.value, "x", 3.0, ratio.spread),
    ]
