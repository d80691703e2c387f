"""What a record costs in a worker's own code, without Kafka: microseconds for each stage of a lane.

Messages are made beforehand, then go the way of the echo lane in micro-batches and transactions of the usual size:
admit, gather, process (infer and answer), produce (into a producer that only counts), learn (what a commit changes).
A transition of a saga stands beside it. `--profile` shows the functions in which one thread spends its time instead.
"""

import argparse
import asyncio
import cProfile
import pstats
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from confluent_kafka import Message, Producer
from rich.console import Console
from rich.table import Table

from bench import RESULTS
from bench.saga_transition import transitions
from bench.workload import Workload
from processors.catalogue import discover
from processors.inline import Inline
from schemas import avsc
from schemas.codec import Codec
from schemas.partitioner import partition_for
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.admission import Admission
from streams.answering import Answering
from streams.app import spare_collector
from streams.binding import bind
from streams.committer import produce_all
from streams.committing import Changes
from streams.flight import Batch
from streams.handlers import ProcessorHandler
from streams.partition import Partition
from streams.pipeline import Bounds, Pipeline
from streams.processing import Processing
from streams.proof.rows import Figures, reported
from streams.repeats.book import AnswerBook
from streams.repeats.book import Bounds as BookBounds
from streams.settings import Settings
from streams.state_keeper import NoState

CHUNK = 512
PARTITIONS = 4
BATCHES_A_TRANSACTION = 8
UNBOUNDED = 1 << 40

clock = time.thread_time

Stages = dict[str, float]


class Sink:
    """A producer that takes everything and does nothing."""

    def produce(self, *record: Any) -> None:
        """Takes a record."""


class EchoPath:
    """The pieces of the echo lane, joined without threads."""

    def __init__(self) -> None:
        self.binding = bind(Settings(), "echo")
        declaration = discover()["echo"]
        registry = MemoryRegistry()
        self.requests = codec(registry, self.binding.requests[0], "request")
        results = codec(registry, self.binding.results, "result")
        self.admission = Admission(
            "echo", self.requests, declaration.request, declaration.cost, self.binding.dead_letters_of, remember=True
        )
        self.runner = Inline(declaration)
        self.dispatched: list[Batch] = []
        bounds = Bounds(UNBOUNDED, UNBOUNDED, UNBOUNDED, UNBOUNDED)
        self.pipeline = Pipeline(declaration.batch, UNBOUNDED, bounds, self.dispatched.append)
        answering = Answering(self.binding, results, "echo", "1", lambda topic: 1 << 20, lambda topic: None, print)
        handler = ProcessorHandler(self.runner)
        self.processing = Processing(self.pipeline, handler, NoState(), answering, nothing_to_look_up)
        limits = BookBounds(200_000, 64 << 20, 3_600_000)
        self.partitions = [
            Partition(self.binding.requests[0], number, AnswerBook(limits)) for number in range(PARTITIONS)
        ]
        self.sink = cast(Producer, Sink())

    def messages(self, count: int) -> Iterator[Message]:
        """So many requests, as a consumer gives them: made one after the other, so that memory is as warm as there."""
        offsets = [0] * PARTITIONS
        topic, stamp = self.binding.requests[0], (1, time.time_ns() // 1_000_000)
        for draft in Workload(count, remembered=1_000).drafts(self.requests.encode):
            number = partition_for(draft.key, PARTITIONS)
            yield Message(topic, number, offsets[number], draft.key, draft.value, list(draft.headers), None, stamp)
            offsets[number] += 1

    async def run(self, messages: Iterator[Message]) -> list[Stages]:
        """Microseconds a record and stage, for each transaction."""
        await self.runner.start()
        self.pipeline.resume(0.0)
        found = []
        done = False
        while not done:
            stages = dict.fromkeys(("admit", "gather", "process", "produce", "learn"), 0.0)
            count = 0
            for _ in range(BATCHES_A_TRANSACTION):
                chunk = list(islice(messages, CHUNK))
                await self._chunk(chunk, stages)
                count += len(chunk)
                done = len(chunk) < CHUNK
            if count:
                self._commit(stages)
                found.append({name: seconds / count * 1e6 for name, seconds in stages.items()})
        return found

    async def _chunk(self, messages: list[Message], stages: Stages) -> None:
        began = clock()
        entries = [self._admit(message) for message in messages]
        admitted = clock()
        self.pipeline.offer(entries, admitted, backlog=False)
        gathered = clock()
        for batch in self.dispatched:
            await self.processing.run(batch)
        self.dispatched.clear()
        stages["admit"] += admitted - began
        stages["gather"] += gathered - admitted
        stages["process"] += clock() - gathered

    def _admit(self, message: Message) -> Any:
        # The same questions to the message as the intake asks.
        message.error()
        message.topic()
        message.offset()
        return self.admission.admit(self.partitions[message.partition() or 0], message, time.time_ns() // 1_000_000)

    def _commit(self, stages: Stages) -> None:
        began = clock()
        batches = self.pipeline.ready(0.0)
        changes = Changes(batches, self.binding)
        changed = clock()
        for batch in batches:
            produce_all(self.sink, batch.outputs(), 1.0)
        produced = clock()
        produce_all(self.sink, changes.outputs(), 1.0)
        changes.apply(time.time_ns() // 1_000_000)
        self.pipeline.committed(batches)
        stages["produce"] += produced - changed
        stages["learn"] += clock() - produced + changed - began


def codec(registry: MemoryRegistry, topic: str, role: avsc.Role) -> Codec:
    """A bound codec of the echo lane."""
    schema = avsc.load("echo", role)
    registry.register(subject(topic), schema)
    made = Codec(schema, subject(topic), registry)
    made.bind()
    return made


async def nothing_to_look_up(entries: object) -> None:
    """No reply topics, and no answers that lie elsewhere."""


def measure(count: int) -> list[Stages]:
    """Microseconds a record and stage, for each transaction."""
    path = EchoPath()
    return asyncio.run(path.run(path.messages(count)))


def show(transactions: list[Stages], sagas: list[float]) -> None:
    """The quiet figure is the tenth percentile over the transactions: a busy machine disturbs it least."""
    table = Table(title="microseconds a record", box=None)
    for column in ("stage", "quiet", "median"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for name in transactions[0]:
        table.add_row(name, *percentiles([stages[name] for stages in transactions]))
    table.add_row("[bold]all", *percentiles([sum(stages.values()) for stages in transactions]))
    table.add_row("a saga's transition", *percentiles(sagas))
    Console().print(table)


def keep(transactions: list[Stages], sagas: list[float]) -> None:
    """Writes the quiet figures to bench/results/hot_path.json."""
    figures = Figures(RESULTS / "hot_path.json")
    for name in [*transactions[0], "all"]:
        found = [sum(stages.values()) if name == "all" else stages[name] for stages in transactions]
        figures.rows.append(reported(f"hot path, {name}", float(percentiles(found)[0]), "us a record"))
    figures.rows.append(reported("hot path, a saga's transition", float(percentiles(sagas)[0]), "us"))
    figures.write()


def percentiles(values: list[float]) -> tuple[str, str]:
    """The tenth and the fiftieth, as text."""
    ranked = sorted(values)
    return f"{ranked[len(ranked) // 10]:.2f}", f"{ranked[len(ranked) // 2]:.2f}"


def profile(count: int) -> None:
    """Prints the functions in which the time goes."""
    path = EchoPath()
    messages = path.messages(count)
    profiler = cProfile.Profile()
    profiler.enable()
    asyncio.run(path.run(messages))
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


def main() -> None:
    """Measures, or profiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.hot_path", description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--write", action="store_true", help="to bench/results/hot_path.json")
    arguments = parser.parse_args()
    if arguments.profile:
        profile(arguments.records)
    else:
        spare_collector()
        found, sagas = measure(arguments.records), transitions(arguments.records // 100)
        show(found, sagas)
        if arguments.write:
            keep(found, sagas)


if __name__ == "__main__":
    main()
