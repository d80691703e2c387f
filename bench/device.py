"""The processors on their device, without Kafka: throughput by batch size and number format, and what the host costs.

`python -m bench.device [--device cuda] [--seconds 2] [--output bench/results/device.json]` prints rows of
{name, value, unit, goal, holds} and exits with 1 when one does not hold. Needs torch, tokenizers, safetensors, pydantic
and scikit-learn, nothing else, so that it runs on a bare machine with a device.

*raw* calls the processor's stages in this process, one batch after the other, tokenisation included; *host* goes
through the host process, with one or two batches in flight. They take turns, so that all meet the same machine.
"""

import argparse
import asyncio
import gc
import importlib
import inspect
import json
import os
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from processors.catalogue import find
from processors.contract import Declaration, DeviceSettings, Processor, Runner
from processors.digits import dataset
from processors.host.link import DEFAULT_ENVIRONMENT
from processors.loading import load_processor
from processors.runners import runner_for

ROUNDS = 5
EMBED_GOAL = 0.95
MODULES = (
    "argparse",
    "asyncio",
    "decimal",
    "email",
    "http.client",
    "json",
    "logging",
    "os",
    "pathlib",
    "socket",
    "ssl",
)
Records = Sequence[Mapping[str, Any]]
Row = dict[str, Any]


def sentences() -> list[str]:
    """Real sentences, of documentation strings, shuffled with a fixed seed."""
    found: dict[str, None] = {}
    for name in MODULES:
        for _, member in inspect.getmembers(importlib.import_module(name)):
            text = " ".join((inspect.getdoc(member) or "").split()) if callable(member) else ""
            found.update(dict.fromkeys(part for part in re.split(r"(?<=\.) ", text) if len(part) > 20))
    texts = sorted(found)
    random.Random(1).shuffle(texts)
    return texts


def embed_batches(size: int) -> list[Records]:
    """Batches of requests, until each sentence was sent about once."""
    texts = sentences()
    texts *= 1 + 8 * size // len(texts)
    records = [{"request_id": str(number), "text": text} for number, text in enumerate(texts)]
    return [records[begin : begin + size] for begin in range(0, len(records) - size + 1, size)]


def digits_batches(size: int) -> list[Records]:
    """Batches of held-out images."""
    images, _ = dataset.held_out()
    data = [image.tobytes() for image in images] * (1 + 4 * size // len(images))
    records = [
        {"request_id": str(number), "image": {"dtype": "float32", "shape": [8, 8], "data": each}}
        for number, each in enumerate(data)
    ]
    return [records[begin : begin + size] for begin in range(0, len(records) - size + 1, size)]


BATCHES: dict[str, Callable[[int], list[Records]]] = {"digits": digits_batches, "embed": embed_batches}
SIZES = {"digits": (1, 64, 256, 1024), "embed": (1, 8, 64, 256)}


def run_raw(declaration: Declaration, processor: Processor, batches: list[Records], seconds: float) -> float:
    """Records a second, all stages in this thread."""
    wire, done, begin = declaration.wire, 0, perf_counter()
    while perf_counter() - begin < seconds:
        batch = batches[(done // len(batches[0])) % len(batches)]
        buckets = processor.prepare(wire.unpack(wire.pack(batch)))
        for bucket, computed in [(bucket, processor.compute(bucket)) for bucket in buckets]:
            processor.finish(bucket, computed)
        done += len(batch)
    return done / (perf_counter() - begin)


async def run_host(runner: Runner, batches: list[Records], seconds: float, in_flight: int) -> float:
    """Records a second through the host."""
    done, number, begin = 0, 0, perf_counter()

    async def keep_busy() -> None:
        nonlocal done, number
        while perf_counter() - begin < seconds:
            batch = batches[number % len(batches)]
            number += 1
            inference = await runner.infer(batch)
            done += len(inference.outcomes)

    await asyncio.gather(*(keep_busy() for _ in range(in_flight)))
    return done / (perf_counter() - begin)


async def measure(name: str, device: DeviceSettings, seconds: float) -> list[Row]:
    """The rows of one processor on one device in one number format."""
    declaration = find(name)
    processor = load_processor(declaration.implementation)(device)
    processor.load()
    processor.warm()
    runner = runner_for(declaration, device)
    await runner.start()
    try:
        rows = []
        for size in SIZES[name]:
            rows += await measure_size(declaration, processor, runner, size, seconds / ROUNDS)
        return rows
    finally:
        await runner.stop()
        processor.unload()
        gc.collect()


async def measure_size(
    declaration: Declaration, processor: Processor, runner: Runner, size: int, seconds: float
) -> list[Row]:
    """The rows of one batch size; each round measures all three ways, and the medians count."""
    batches = BATCHES[declaration.name](size)
    rates: dict[str, list[float]] = {"raw": [], "host, 1 in flight": [], "host, 2 in flight": []}
    run_raw(declaration, processor, batches, seconds / 4)
    await run_host(runner, batches, seconds / 4, 2)
    for _ in range(ROUNDS):
        rates["raw"].append(run_raw(declaration, processor, batches, seconds))
        rates["host, 1 in flight"].append(await run_host(runner, batches, seconds, 1))
        rates["host, 2 in flight"].append(await run_host(runner, batches, seconds, 2))
    title = f"{declaration.name} {processor.describe()['device']} {processor.describe()['dtype']} batch {size}"
    rows = [row(f"{title}: {way}", median(values), "records/s") for way, values in rates.items()]
    ratio = median(host / raw for host, raw in zip(rates["host, 2 in flight"], rates["raw"], strict=True))
    goal = EMBED_GOAL if declaration.name == "embed" and size >= declaration.batch.size else None
    rows.append(row(f"{title}: host to raw", ratio, "ratio", goal))
    alone = median(1e6 / host - 1e6 / raw for host, raw in zip(rates["host, 1 in flight"], rates["raw"], strict=True))
    rows.append(row(f"{title}: the host's own cost, 1 in flight", alone, "us/record"))
    return rows


def row(name: str, value: float, unit: str, goal: float | None = None) -> Row:
    """One figure; a goal is a lower bound."""
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "goal": goal,
        "holds": None if goal is None else value >= goal,
    }


def formats(device: str) -> tuple[str, ...]:
    """The number formats that a device has."""
    import torch

    cuda = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    return ("float32", "bfloat16", "float16") if cuda else ("float32",)


def main() -> int:
    """Measure, print, save."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--device", default="auto")
    arguments.add_argument("--only", choices=sorted(BATCHES), help="one processor instead of all")
    arguments.add_argument("--seconds", type=float, default=2.0, help="for each batch size and way")
    arguments.add_argument("--output", type=Path, help="a JSON file for the rows")
    arguments.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the processor")
    arguments.add_argument("--compile", action="store_true")
    chosen = arguments.parse_args()
    options = dict(option.split("=", 1) for option in chosen.option)
    os.environ.update(DEFAULT_ENVIRONMENT | os.environ)
    rows: list[Row] = []
    for name in [chosen.only] if chosen.only else sorted(BATCHES):
        for dtype in formats(chosen.device):
            device = DeviceSettings(device=chosen.device, dtype=dtype, compile=chosen.compile, options=options)
            measured = asyncio.run(measure(name, device, chosen.seconds))
            for each in measured:
                print(json.dumps(each), flush=True)
            rows += measured
    if chosen.output:
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        chosen.output.write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(each["holds"] is not False for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
