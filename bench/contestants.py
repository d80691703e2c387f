"""Starts each contestant on the same source topic, and measures how fast its output grows."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.environment import Bench, Lane, lane
from bench.peers.install import kafka_streams_jars, quix_python
from bench.peers.task import Task
from bench.programs import Program, running
from bench.progress import Stalled, count_records, watch
from schemas import avsc
from streams.proof.rows import say
from streams.slots import LIMIT

ATTEMPTS = 3
SCHEMAS = avsc.FOLDER / "echo"


class WrongCount(RuntimeError):
    """A contestant's output does not have the records that it must have."""


@dataclass(frozen=True)
class Race:
    """The same work for all: `records` lie in `source`, of which `answers` get a result."""

    bench: Bench
    source: str
    records: int
    answers: int

    def worker(
        self, *, processor: str = "echo", guarantee: str = "exactly-once", count: int = 1, **changes: Any
    ) -> float:
        """Records a second of one worker, or of several together."""
        made = lane(self.bench, processor, self.source, guarantee=guarantee, **changes)
        try:
            with workers(made, count) as programs:
                exact = guarantee == "exactly-once"
                return self._measure(f"{count} {processor} worker(s)", made.binding.results, *programs, exact=exact)
        finally:
            made.discard()

    def bare_loop(self) -> float:
        """Records a second of the bare at-least-once loop."""
        return self._peer("bare loop", [sys.executable, "-m", "bench.peers.bare_loop"], exact=False)

    def quix_avro(self) -> float:
        """Records a second of Quix Streams, exactly-once, with its own Avro serializers."""
        return self._peer("Quix Streams, Avro", [str(quix_python()), "-m", "bench.peers.quix_avro"], exact=True)

    def quix_bytes(self) -> float:
        """Records a second of Quix Streams, exactly-once, over bytes that one function decodes and encodes by hand."""
        return self._peer("Quix Streams, bytes", [str(quix_python()), "-m", "bench.peers.quix_bytes"], exact=True)

    def kafka_streams(self) -> float:
        """Records a second of Kafka Streams copying bytes, exactly-once.

        On a busy machine it may never get over a CONCURRENT_TRANSACTIONS of its first commit: then it starts anew.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._kafka_streams()
            except Stalled as stalled:
                say(f"Kafka Streams stalled and is started again: {str(stalled).splitlines()[0]}")
        return self._kafka_streams()

    def _kafka_streams(self) -> float:
        target, group = self.bench.topic("kafka-streams-out"), self.bench.name("kafka-streams")
        command = [
            "java",
            "-Xmx1g",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            kafka_streams_jars(),
            "Copy",
        ]
        state = str(self.bench.folder / group)
        return self._run("Kafka Streams", [*command, self.bench.bootstrap, self.source, target, group, state], target)

    def raw_lane(self) -> float:
        """Records a second of a lane that copies bytes, exactly-once."""
        limits = {"intake_records": 32_768, "transaction_records": 32_768}
        made = lane(self.bench, "echo", self.source, repeats={"entries": 0}, **limits)
        log = self.bench.log(made.binding.group)
        try:
            with running([sys.executable, "-m", "bench.raw_lane"], log, made.environment) as program:
                return self._measure("raw lane", made.binding.results, program, exact=True)
        finally:
            made.discard()

    def _peer(self, name: str, command: list[str], *, exact: bool) -> float:
        target, dead = self.bench.topic("peer-out"), self.bench.topic("peer-dead")
        task = echo_task(self.bench, self.source, target, dead)
        try:
            return self._run(name, [*command, json.dumps(asdict(task))], target, exact=exact)
        finally:
            self.bench.delete(dead)

    def _run(self, name: str, command: list[str], target: str, *, exact: bool = True) -> float:
        try:
            with running(command, self.bench.log(self.bench.name(name.replace(" ", "-")))) as program:
                return self._measure(name, target, program, exact=exact)
        finally:
            self.bench.delete(target)

    def _measure(self, name: str, target: str, *programs: Program, exact: bool) -> float:
        growth = watch(self.bench.bootstrap, target, self.answers, programs)
        found = count_records(self.bench.bootstrap, target)
        if found < self.answers or (exact and found != self.answers):
            raise WrongCount(f"{name} wrote {found} records, {self.answers} are right:\n{programs[0].tail()}")
        figure = growth.rate(found)
        say(f"{name}: {figure:,.0f}/s, {growth.cpu_seconds / self.records * 1e6:.1f} us of processor time a record")
        return figure


def echo_task(bench: Bench, source: str, target: str, dead: str, *, quick_poll: bool = False) -> Task:
    """What a program outside this project needs to do the echo lane's work."""
    group = bench.name("peer")
    registry = bench.registry()
    request_id = registry.register(f"{source}-value", avsc.load("echo", "request"))
    result_id = registry.register(f"{target}-value", avsc.load("echo", "result"))
    registry.close()
    return Task(
        bench.bootstrap,
        source,
        target,
        dead,
        group,
        work=str(bench.folder / group),
        schemas=str(SCHEMAS),
        request_schema=request_id,
        result_schema=result_id,
        registry=bench.settings.registry.url,
        quick_poll=quick_poll,
    )


@contextmanager
def workers(made: Lane, count: int) -> Iterator[Sequence[Program]]:
    """So many workers of a lane, each a process of its own."""
    if not 0 < count <= LIMIT:
        raise ValueError(f"{count} workers: 1 to {LIMIT}")
    command = [str(Path(sys.executable).parent / "sluicegate"), "worker", "--only", made.binding.name, "--slot"]
    started: list[Program] = []
    contexts = []
    try:
        for number in range(count):
            log = made.bench.log(f"{made.binding.group}-{number}")
            context = running([*command, str(number)], log, made.environment)
            started.append(context.__enter__())
            contexts.append(context)
        yield started
    finally:
        for context in reversed(contexts):
            context.__exit__(None, None, None)
