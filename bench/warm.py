"""Brings the broker to its speed: its JVM compiles what it runs often, on both cores, for its first minute or two."""

from bench.contestants import Race
from bench.environment import Bench
from bench.load import fill_with_requests
from bench.workload import Workload
from streams.proof.rows import say

RECORDS = 300_000


def warm(bench: Bench) -> None:
    """Runs a worker and a bare loop whose figures nobody keeps. Blocks for about a minute."""
    if bench.quick:
        return
    say("to warm the broker up:")
    source = bench.topic("warm-requests")
    readable = fill_with_requests(bench, source, Workload(RECORDS))
    race = Race(bench, source, RECORDS, readable)
    race.bare_loop()
    race.worker()
    bench.delete(source)
