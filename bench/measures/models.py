"""The models through Kafka beside the same models called directly at the same batch size."""

import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from bench.contestants import Race
from bench.device import BATCHES
from bench.environment import Bench
from bench.load import fill, request_codec
from bench.pairs import Ratio, take_turns
from bench.programs import ROOT
from bench.workload import Draft
from processors.catalogue import find
from streams.proof.rows import Row, at_least, at_most, reported, say

ROUNDS = 5


def measure(bench: Bench) -> list[Row]:
    """Embeddings by their share, digits by the microseconds that a record costs more."""
    embed = turns(bench, "embed", bench.size(6_144, 2_048), bench.size(60, 5))
    digits = turns(bench, "digits", bench.size(200_000, 40_000), bench.size(20, 3))
    extra = [(1 / kafka - 1 / raw) * 1e6 for kafka, raw in zip(digits.ours, digits.theirs, strict=True)]
    spread = f"{min(extra):.1f} to {max(extra):.1f}"
    return [
        reported("embed, the model alone", median(embed.theirs), "records/s"),
        reported("embed through Kafka", median(embed.ours), "records/s"),
        at_least("embed through Kafka against the model alone", embed.value, "x", 0.95, embed.spread),
        reported("digits, the model alone", median(digits.theirs), "records/s"),
        reported("digits through Kafka", median(digits.ours), "records/s"),
        at_most("digits, what Kafka adds", median(extra), "us a record", 25.0, spread),
    ]


def turns(bench: Bench, name: str, records: int, seconds: float) -> Ratio:
    """Kafka and the model alone, in turn."""
    size = find(name).batch.size
    source = bench.topic(f"{name}-requests")
    fill(bench, source, drafts(bench, name, source, records))
    race = Race(bench, source, records, records)

    def alone() -> float:
        command = [sys.executable, "-m", "bench.raw_model", name, str(size), str(seconds)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
        say(f"{name}, the model alone: {float(done.stdout):,.0f}/s")
        return float(done.stdout)

    found = take_turns({"kafka": lambda: race.worker(processor=name), "alone": alone}, 1 if bench.quick else ROUNDS)
    bench.delete(source)
    return Ratio(found["kafka"], found["alone"])


def drafts(bench: Bench, name: str, topic: str, count: int) -> Iterator[Draft]:
    """The records that the model alone gets too, each with an id of its own."""
    encode = request_codec(bench, name, topic).encode
    records = [record for batch in BATCHES[name](find(name).batch.size) for record in batch]
    for number in range(count):
        key = f"{name}-{number}"
        yield Draft(key.encode(), encode({**records[number % len(records)], "request_id": key}), [])
