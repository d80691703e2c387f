"""Exactly-once against at-least-once of the same lane: the highest rate that each carries with p99 under 50 ms."""

from collections.abc import Callable

from bench.contestants import workers
from bench.environment import Bench, lane
from bench.generator import Plan
from bench.load import request_codec
from bench.measures.latency import ask
from bench.pairs import Ratio
from streams.proof.rows import Row, at_least, reported, say

ROUNDS = 3
MOST_MS = 50.0
LOWEST, STEP, HIGHEST = 500.0, 1.06, 80
"""Rates are steps on a ladder: LOWEST times STEP to the power of 0 to HIGHEST."""


def measure(bench: Bench) -> list[Row]:
    """Both workers run all the while, on topics of their own; the searches take turns, from where the last ended."""
    rounds = 1 if bench.quick else ROUNDS
    lanes = {guarantee: lane(bench, "echo", guarantee=guarantee) for guarantee in ("exactly-once", "at-least-once")}
    found: dict[str, list[int]] = {guarantee: [] for guarantee in lanes}
    with workers(lanes["exactly-once"], 1), workers(lanes["at-least-once"], 1):
        plans = {}
        for guarantee, made in lanes.items():
            schema = request_codec(bench, "echo", made.binding.requests[0]).schema_id
            plans[guarantee] = Plan(bench.bootstrap, made.binding.requests[0], made.binding.results, schema, 0, 0)
            ask(bench, plans[guarantee], 500, f"{guarantee}, to warm up", 4.0)
        for number in range(rounds):
            order = list(lanes) if number % 2 == 0 else list(reversed(lanes))
            for guarantee in order:
                start = found[guarantee][-1] if found[guarantee] else HIGHEST // 2
                step = highest(carries(bench, plans[guarantee], guarantee), start, stride=4 if number else 16)
                say(f"{guarantee} carries {rate_of(step):,.0f}/s")
                found[guarantee].append(step)
    rates = {guarantee: tuple(rate_of(step) for step in steps) for guarantee, steps in found.items()}
    if not all(rates["at-least-once"]):
        raise RuntimeError(f"not even {LOWEST:g}/s has its p99 under {MOST_MS:g} ms: is the machine busy?")
    ratio = Ratio(rates["exactly-once"], rates["at-least-once"])
    return [
        reported("exactly-once, highest rate with p99 under 50 ms", max(rates["exactly-once"]), "records/s"),
        reported("at-least-once, highest rate with p99 under 50 ms", max(rates["at-least-once"]), "records/s"),
        at_least("exactly-once against at-least-once", ratio.value, "x", 0.9, ratio.spread),
    ]


def rate_of(step: int) -> float:
    """The rate of a step of the ladder; 0 below its lowest."""
    return LOWEST * STEP**step if step >= 0 else 0.0


def carries(bench: Bench, plan: Plan, name: str) -> Callable[[int], bool]:
    """Whether the lane carries the rate of a step; what fails once is tried again."""

    def try_it(step: int) -> bool:
        for _ in range(2):
            found = ask(bench, plan, round(rate_of(step)), name, 3.0 if bench.quick else 6.0)
            if found.p99 < MOST_MS and not found.missing:
                return True
        return False

    return try_it


def highest(holds: Callable[[int], bool], start: int, stride: int) -> int:
    """The highest step of the ladder that holds: strides from `start` to find the edge, then halves; -1 for none.

    `holds` is asked about each step once, as if whatever is below a step that holds holds too.
    """
    low, high = -1, HIGHEST + 1
    step = start
    while -1 < step <= HIGHEST and low < step < high:
        if holds(step):
            low, step = step, step + stride
        else:
            high, step = step, step - stride
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
