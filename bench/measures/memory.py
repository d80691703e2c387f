"""Memory of a worker with records of 1 KB to 1 MB that pauses all the while, its repeats store at its bound."""

import random
import sys
import time
from collections.abc import Iterator
from statistics import fmean
from typing import Any

import psutil

from bench.environment import Bench, Lane, lane
from bench.load import fill, request_codec
from bench.programs import Program, running
from bench.progress import Offsets
from bench.workload import Draft
from schemas.envelope import event_time
from streams.proof.rows import Row, at_most, reported, say

SIZES = (1_000, 10_000, 100_000, 1_000_000)
WEIGHTS = (900, 88, 11, 1)
WINDOWS = 10
LARGEST_DEVIATION = 5.0
EVERY_SECONDS = 0.25
STALL_SECONDS = 120.0
LIMITS: dict[str, Any] = {
    "intake_records": 2_048,
    "intake_bytes": 16 * 1_048_576,
    "repeats": {"entries": 10_000, "bytes": 16 * 1_048_576},
}


def measure(bench: Bench) -> list[Row]:
    """The worker's resident memory from the 200,000th record on, in ten windows of time."""
    first, last = bench.size(200_000, 8_000), bench.size(400_000, 20_000)
    source = bench.topic("mixed-requests")
    fill(bench, source, drafts(bench, source, last))
    made = lane(bench, "echo", source, **LIMITS)
    with running([sys.executable, "-m", "bench.slow_echo"], bench.log("slow-echo"), made.environment) as program:
        samples = follow(bench, made, program, first, last)
    bench.delete(source)
    made.discard()
    share = max(1, len(samples) // WINDOWS)
    windows = [fmean(samples[start : start + share]) for start in range(0, share * WINDOWS, share)]
    windows = [window for window in windows if window]
    mean = fmean(windows)
    deviation = max(abs(window - mean) for window in windows) / mean * 100
    return [
        reported("memory of a worker, mixed records, pausing", mean / 1e6, "MB"),
        at_most(
            f"memory, deviation from record {first:,} to {last:,}",
            deviation,
            "%",
            LARGEST_DEVIATION,
            f"{min(windows) / 1e6:.0f} to {max(windows) / 1e6:.0f} MB in {len(windows)} windows",
        ),
    ]


def follow(bench: Bench, made: Lane, program: Program, first: int, last: int) -> list[float]:
    """Resident bytes of the worker, sampled while its output goes from `first` to `last` records."""
    offsets, process = Offsets(bench.bootstrap, made.binding.results), psutil.Process(program.pid)
    samples: list[float] = []
    grew, before = time.monotonic(), 0
    while (end := offsets.end()) < last:
        program.check()
        if end > before:
            grew, before = time.monotonic(), end
        if time.monotonic() - grew > STALL_SECONDS:
            raise TimeoutError(f"the worker stands at {end} of {last}:\n{program.tail()}")
        if end >= first:
            samples.append(float(process.memory_info().rss))
        time.sleep(EVERY_SECONDS)
    say(f"{program.log.read_text().count('partition')} lines of the log speak of partitions")
    return samples


def drafts(bench: Bench, topic: str, count: int) -> Iterator[Draft]:
    """Requests of mixed sizes."""
    encode = request_codec(bench, "echo", topic).encode
    chance = random.Random(1)
    body = chance.randbytes(SIZES[-1] + 4_096)
    headers = [("ce_time", event_time(time.time()))]
    for number in range(count):
        size, start = chance.choices(SIZES, WEIGHTS)[0], chance.randrange(4_096)
        key = f"mixed-{number}"
        yield Draft(key.encode(), encode({"request_id": key, "payload": body[start : start + size]}), headers)
