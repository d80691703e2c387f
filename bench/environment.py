"""Where the benchmarks run: a Kafka and a registry of their own, on free ports, gone afterwards."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from bench.programs import ROOT
from schemas.registry import Registry
from streams.binding import Binding, bind
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import LaneSettings, Settings, override
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests, sweep_orphans

KAFKA_HEAP = "1g"
PARTITIONS = 4


@dataclass
class Bench:
    """A stack for benchmarks. `quick` asks for small sizes, to try the programs and not to measure."""

    stack: StackForTests
    folder: Path
    quick: bool
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.stack.bootstrap

    @property
    def settings(self) -> Settings:
        """Settings that point at the stack."""
        return self.stack.settings

    def size(self, full: int, quick: int) -> int:
        """How many records."""
        return quick if self.quick else full

    def name(self, stem: str) -> str:
        """A name that nothing else of this run has."""
        return f"{stem}-{next(self._numbers)}"

    def log(self, stem: str) -> Path:
        """A log file for a program."""
        return self.folder / "logs" / f"{stem}.log"

    def topic(self, stem: str, partitions: int = PARTITIONS, **config: str) -> str:
        """A new topic."""
        name = self.name(stem)
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        sizes = {"max.message.bytes": str(1_048_576 + 65_536), **{key.replace("_", "."): config[key] for key in config}}
        admin.create_topics([NewTopic(name, partitions, 1, config=sizes)])[name].result(20)
        return name

    def delete(self, *topics: str) -> None:
        """Deletes topics, so that their disk space is free for the next contestant."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for future in admin.delete_topics(list(topics)).values():
            try:
                future.result(20)
            except KafkaException:
                continue  # it was never made

    def registry(self) -> Registry:
        """A client of the registry."""
        return Registry(self.settings.registry.url, {})


@dataclass(frozen=True)
class Lane:
    """A lane bound to topics of its own, and the environment in which a worker runs it."""

    bench: Bench
    settings: Settings
    binding: Binding

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a worker run exactly this lane."""
        lanes = {name: lane.model_dump(mode="json", exclude_unset=True) for name, lane in self.settings.lanes.items()}
        return {
            **self.bench.stack.environment,
            "SLUICEGATE_LANES": json.dumps(lanes),
            "SLUICEGATE_DEAD_LETTERS": self.settings.dead_letters,
            "SLUICEGATE_TOPICS__PARTITIONS": str(self.settings.topics.partitions),
            "SLUICEGATE_STACK__DIRECTORY": str(self.settings.stack.directory),
            "SLUICEGATE_SETTINGS": "/dev/null",
            "SLUICEGATE_LOG__FORMAT": "json",
        }

    def discard(self) -> None:
        """Deletes what the lane has written."""
        self.bench.delete(self.binding.results, self.binding.repeats)


def lane(bench: Bench, processor: str, source: str | None = None, partitions: int = PARTITIONS, **changes: Any) -> Lane:
    """A new group of a processor's lane, with results of its own; its topics and schemas are made. Blocks."""
    name = bench.name(processor)
    requests = source or bench.topic(f"{processor}-requests", partitions)
    bound = LaneSettings.model_validate(
        {"requests": [requests], "results": f"{name}.results", "group": name, **changes}
    )
    settings = override(
        bench.settings,
        {
            "lanes": {processor: bound},
            "dead_letters": "bench.dead-letters",
            "topics": bench.settings.topics.model_copy(update={"partitions": partitions}),
            "stack": bench.settings.stack.model_copy(update={"directory": bench.folder / name}),
        },
    )
    provision(settings, plan_for(settings, [processor]))
    return Lane(bench, settings, bind(settings, processor))


@contextmanager
def environment(quick: bool) -> Iterator[Bench]:
    """A stack from start to end; raises UserMistake when it can't start."""
    sweep_orphans()
    folder = ROOT / ".sluicegate" / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    jars = Layout.of(Settings().stack).jars
    made = StackForTests.on_free_ports(folder, jars)
    stack = StackForTests(
        override(made.settings, {"stack": made.settings.stack.model_copy(update={"kafka_heap": KAFKA_HEAP})})
    )
    try:
        stack.up()
        yield Bench(stack, folder, quick)
    finally:
        stack.discard()
