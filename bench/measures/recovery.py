"""How long a partition's results stand still when a worker is killed with kill -9."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench.environment import Bench, Lane, lane
from bench.flow import Flow
from streams.proof.rows import Row, at_most, reported, say
from streams.supervisor import Supervisor

RATE = 400
STEADY_SECONDS, AFTER_SECONDS = 3.0, 4.0
READY_SECONDS = 90.0


def measure(bench: Bench) -> list[Row]:
    """Echo restarted, echo with a worker that never comes back, embed restarted."""
    kills = bench.size(5, 2)
    echo = restarted(bench, "echo", kills, RATE)
    gone = [never_back(bench) for _ in range(bench.size(3, 1))]
    embed = restarted(bench, "embed", bench.size(3, 1), 40)
    session = bench.settings.kafka.session_timeout_ms / 1000
    return [
        at_most("recovery, echo restarted, longest gap", max(echo), "s", 1.5, f"median {median(echo):.2f} of {kills}"),
        at_most("recovery, a worker that never comes back", max(gone), "s", session + 2, f"session {session:g} s"),
        reported("recovery, embed restarted with its model", max(embed), "s", f"median {median(embed):.2f}"),
    ]


def restarted(bench: Bench, processor: str, kills: int, rate: float) -> list[float]:
    """The longest gap after each kill of a supervised worker."""
    made = lane(bench, processor)
    with supervised(made, 1) as supervisor, Flow(bench, made, rate) as flow:
        flow.wait_steady(READY_SECONDS)
        gaps = []
        for _ in range(kills):
            time.sleep(STEADY_SECONDS)
            killed = time.time()
            supervisor.kill(0)
            gaps.append(gap_after(flow, killed))
            say(f"{processor} restarted: {gaps[-1]:.2f} s")
        return gaps


def never_back(bench: Bench) -> float:
    """The longest gap after the death of one of two workers."""
    made = lane(bench, "echo")
    with supervised(made, 2) as supervisor, Flow(bench, made, RATE) as flow:
        flow.wait_steady(READY_SECONDS)
        time.sleep(STEADY_SECONDS)
        killed = time.time()
        supervisor.retire(1)
        gap = gap_after(flow, killed)
        say(f"never came back: {gap:.2f} s")
        return gap


def gap_after(flow: Flow, moment: float) -> float:
    """Waits until all partitions have had results for a while again; the longest gap of any partition."""
    flow.wait_steady(READY_SECONDS, since=moment)
    time.sleep(AFTER_SECONDS)
    return flow.longest_gap(moment - 0.5)


@contextmanager
def supervised(made: Lane, count: int) -> Iterator[Supervisor]:
    """A supervisor with so many workers."""
    supervisor = Supervisor(
        count,
        only=[made.binding.name],
        settings=made.settings,
        environment=made.environment,
        logs=made.bench.folder / "logs" / made.binding.group,
    )
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop(10)
