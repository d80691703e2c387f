"""Echo with Avro and all headers both ways, exactly once, against a loop by hand and against Quix Streams."""

from statistics import median

from bench.contestants import Race
from bench.environment import Bench
from bench.load import fill_with_requests
from bench.pairs import Ratio, take_turns
from bench.workload import Workload
from streams.proof.rows import Row, at_least, reported, say

ROUNDS = 3


def measure(bench: Bench) -> list[Row]:
    """One worker, a million requests, 1 % invalid, 10 % repeats."""
    records = bench.size(1_000_000, 100_000)
    source = bench.topic("echo-requests")
    readable = fill_with_requests(bench, source, Workload(records))
    say(f"{records:,} requests, {records - readable:,} of them unreadable")
    race = Race(bench, source, records, readable)
    contestants = {
        "worker": race.worker,
        "bare": race.bare_loop,
        "quix": race.quix_avro,
        "quix by hand": race.quix_bytes,
    }
    found = take_turns(contestants, 1 if bench.quick else ROUNDS)
    bench.delete(source)
    bare, quix, by_hand = (Ratio(found["worker"], found[name]) for name in ("bare", "quix", "quix by hand"))
    return [
        reported("echo, exactly-once, Avro and headers", median(found["worker"]), "records/s"),
        reported("echo, bare at-least-once loop", median(found["bare"]), "records/s"),
        reported("echo, Quix Streams exactly-once with Avro", median(found["quix"]), "records/s"),
        reported("echo, Quix Streams exactly-once, codec by hand", median(found["quix by hand"]), "records/s"),
        at_least("echo against the bare loop", bare.value, "x", 0.6, bare.spread),
        at_least("echo against Quix Streams with Avro", quix.value, "x", 2.0, quix.spread),
        reported("echo against Quix Streams, codec by hand", by_hand.value, "x", by_hand.spread),
    ]
