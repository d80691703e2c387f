"""The models without Kafka: digits called directly, and what the embeddings of the answers are near to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.catalogue import find
from processors.runners import runner_for
from schemas.outcome import Completed
from streams.definition import device_settings
from streams.demo.work import DIGITS, Job
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Right answers of `total`, through Kafka and directly; `differing` counts images with two labels."""

    total: int
    through_kafka: int
    directly: int
    differing: int

    @property
    def holds(self) -> bool:
        """Whether Kafka changed nothing."""
        return self.differing == 0 and self.through_kafka == self.directly


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A sentence and the cosine of its angle to the question's."""

    text: str
    cosine: float


def call_directly(settings: Settings, jobs: Sequence[Job]) -> list[int | None]:
    """The labels that the model gives in a host process of its own, without Kafka. Blocks for its start too."""
    declaration = find(DIGITS)
    device = device_settings(settings.lane(DIGITS).devices[0])

    async def infer() -> list[int | None]:
        runner = runner_for(declaration, device)
        try:
            await runner.start()
            labels: list[int | None] = []
            for begin in range(0, len(jobs), declaration.batch.size):
                records = [job.record for job in jobs[begin : begin + declaration.batch.size]]
                labels += [label_of(outcome) for outcome in (await runner.infer(records)).outcomes]
            return labels
        finally:
            await runner.stop()

    return asyncio.run(infer())


def label_of(outcome: Any) -> int | None:
    """The label of a completed outcome."""
    return int(outcome.output["label"]) if isinstance(outcome, Completed) else None


def compare(truth: Sequence[int], through_kafka: Sequence[int | None], directly: Sequence[int | None]) -> Accuracy:
    """How often each is right, and how often they differ."""
    return Accuracy(
        total=len(truth),
        through_kafka=sum(map(int.__eq__, truth, (-1 if one is None else one for one in through_kafka))),
        directly=sum(map(int.__eq__, truth, (-1 if one is None else one for one in directly))),
        differing=sum(one != other for one, other in zip(through_kafka, directly, strict=True)),
    )


def nearest(question: Mapping[str, Any], texts: Sequence[str], embeddings: Any, count: int) -> list[Neighbour]:
    """The nearest texts to an embedding (a tensor record); `embeddings` is [texts, 384], all of length 1."""
    cosines = embeddings @ vector(question)
    best = np.argsort(-cosines)[:count]
    return [Neighbour(texts[row], float(cosines[row])) for row in best]


def matrix(tensors: Sequence[Mapping[str, Any]]) -> Any:
    """The embeddings of tensor records, [records, 384]."""
    return np.stack([vector(one) for one in tensors])


def vector(tensor: Mapping[str, Any]) -> Any:
    """The floats of a tensor record."""
    return np.frombuffer(tensor["data"], np.dtype(tensor["dtype"]).newbyteorder("<"))
