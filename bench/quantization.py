"""`embed` with linear layers of eight bits beside float32, on the CPU: how much faster, and how near.

`python -m bench.quantization [--sentences 2000] [--threads 2] [--write]` embeds real sentences both ways, in turn, and
prints rows; exits with 1 when one does not hold. Nearness is the cosine similarity of a sentence's two embeddings, and
how often the sentence that is nearest to another stays the nearest.
"""

import argparse
import sys
from statistics import median
from time import perf_counter

import numpy as np
import numpy.typing as npt

from bench import RESULTS
from processors.contract import DeviceSettings
from processors.embed.processor import Embed
from streams.demo.sentences import sentences
from streams.proof.rows import Figures, Row, at_least, reported

BATCH, ROUNDS = 64, 3
LEAST_COSINE = 0.97

Floats = npt.NDArray[np.float32]


def loaded(quantize: str, threads: int | None) -> Embed:
    """The model, warm."""
    processor = Embed(DeviceSettings(device="cpu", threads=threads, quantize=quantize))
    processor.load()
    processor.warm()
    return processor


def embedded(processor: Embed, texts: list[str]) -> Floats:
    """The embeddings, in batches of the usual size."""
    floats = np.zeros((len(texts), 384), np.float32)
    for begin in range(0, len(texts), BATCH):
        for bucket in processor.prepare(texts[begin : begin + BATCH]):
            rows = [begin + row for row in bucket.rows]
            floats[rows] = processor.finish(bucket, processor.compute(bucket)).floats
    return floats


def nearness(exact: Floats, rounded: Floats) -> tuple[float, float, float]:
    """Mean and least cosine similarity, and the share of sentences whose nearest other one is the same."""
    cosines = (exact * rounded).sum(1)
    return float(cosines.mean()), float(cosines.min()), float((nearest(exact) == nearest(rounded)).mean())


def nearest(floats: Floats) -> npt.NDArray[np.intp]:
    """For each sentence, the one that is nearest to it."""
    likeness = floats @ floats.T
    np.fill_diagonal(likeness, -1)
    found: npt.NDArray[np.intp] = np.argmax(likeness, axis=1)
    return found


def measure(texts: list[str], threads: int | None) -> list[Row]:
    """All rows; both take turns, so that they meet the same machine."""
    processors = {quantize: loaded(quantize, threads) for quantize in ("none", "int8")}
    found: dict[str, Floats] = {}
    rates: dict[str, list[float]] = {quantize: [] for quantize in processors}
    for _ in range(ROUNDS):
        for quantize, processor in processors.items():
            begin = perf_counter()
            found[quantize] = embedded(processor, texts)
            rates[quantize].append(len(texts) / (perf_counter() - begin))
    mean, least, same = nearness(found["none"], found["int8"])
    ratios = [fast / plain for plain, fast in zip(rates["none"], rates["int8"], strict=True)]
    return [
        reported("embed, float32", median(rates["none"]), "records/s"),
        reported("embed, int8", median(rates["int8"]), "records/s"),
        reported("embed, int8 against float32", median(ratios), "x", f"{min(ratios):.2f} to {max(ratios):.2f}"),
        at_least("cosine similarity of int8 and float32, mean", mean, "", LEAST_COSINE, f"{len(texts)} sentences"),
        reported("the same, the least of all sentences", least, ""),
        reported("sentences whose nearest one stays the nearest", same, "of 1"),
    ]


def main() -> int:
    """Measure, print, save."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sentences", type=int, default=2_000)
    arguments.add_argument("--threads", type=int)
    arguments.add_argument("--write", action="store_true", help="keep the rows in bench/results")
    chosen = arguments.parse_args()
    figures = Figures(RESULTS / "quantization.json")
    figures.take(measure(sentences(chosen.sentences), chosen.threads))
    if chosen.write:
        figures.write()
    return 0 if figures.hold else 1


if __name__ == "__main__":
    sys.exit(main())
