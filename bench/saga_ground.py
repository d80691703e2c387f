"""Topics for sagas of a benchmark's own, the workers that serve them, and starts to fill them with."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.environment import Bench
from bench.load import fill
from bench.programs import Program, running
from bench.progress import count_records, watch
from bench.workload import Draft
from sagas.inputs import CommandKind
from sagas.wire.messages import LANE
from streams.binding import bind
from streams.client.routes import open_route
from streams.presence import present
from streams.proof.saga_site import LANES, SagaSite
from streams.sagas.asking import command
from streams.settings import Settings

READY_SECONDS = 120.0


class NotReady(RuntimeError):
    """Workers did not serve their lanes in time."""


@dataclass(frozen=True)
class Ground:
    """A site, and what happens on it."""

    bench: Bench
    site: SagaSite

    @classmethod
    def made(cls, bench: Bench) -> "Ground":
        """New topics, with the time-outs that the settings have by default. Blocks."""
        kafka = bench.settings.kafka
        usual = {name: getattr(kafka, name) for name in ("session_timeout_ms", "transaction_timeout_ms")}
        return cls(bench, SagaSite.made(bench.settings, kafka=usual))

    @property
    def settings(self) -> Settings:
        """The site's."""
        return self.site.settings

    @property
    def inbox(self) -> str:
        """Where sagas are started."""
        return bind(self.settings, LANE).requests[0]

    @property
    def outcomes(self) -> str:
        """Where each start is answered, and each end told."""
        return bind(self.settings, LANE).results

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process work here."""
        return {**self.site.environment, "SLUICEGATE_SETTINGS": "/dev/null"}

    def start(self, saga: str, messages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Puts starts into the inbox: saga ids and messages. Blocks until they are there."""
        fill(self.bench, self.inbox, self.drafts(saga, messages))

    def drafts(self, saga: str, messages: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Draft]:
        """The commands that start these sagas."""
        registry = self.bench.registry()
        encode = open_route(self.settings, registry, LANE).encode
        registry.close()
        for saga_id, message in messages:
            payload = json.dumps(message).encode()
            record = command(CommandKind.START, saga_id, saga=saga, payload=payload, request_id=f"start-{saga_id}")
            yield Draft(saga_id.encode(), encode(record), [])

    @contextmanager
    def orchestrator(self, *more: str) -> Iterator[Program]:
        """A worker with the benchmarks' sagas, and perhaps other lanes beside them, in slot 0."""
        command_line = [sys.executable, "-m", "bench.saga_worker", "0", LANE, *more]
        with running(command_line, self._log("orchestrator"), self.environment) as program:
            yield program

    @contextmanager
    def worker(self, slot: int, *lanes: str) -> Iterator[Program]:
        """A worker with lanes of the catalogue."""
        only = [word for lane in lanes for word in ("--only", lane)]
        command_line = [str(Path(sys.executable).parent / "sluicegate"), "worker", *only, "--slot", str(slot)]
        with running(command_line, self._log("-".join(lanes)), self.environment) as program:
            yield program

    def wait_ready(self, *slots: int) -> None:
        """Blocks until the workers of these slots own their partitions. Raises NotReady."""
        deadline = time.monotonic() + READY_SECONDS
        while not set(slots) <= {one.slot for one in present(self.settings) if one.is_ready()}:
            if time.monotonic() > deadline:
                raise NotReady(f"workers {slots} were not ready within {READY_SECONDS:g} s; see {self.bench.folder}")
            time.sleep(0.1)

    def sagas_per_second(self, count: int, *programs: Program, there: int = 0) -> float:
        """Watches until `count` sagas have ended; so many a second, from the first answer to the last end.

        `there` records were on the topic of outcomes before.
        """
        growth = watch(self.bench.bootstrap, self.outcomes, there + 2 * count, programs)
        found = count_records(self.bench.bootstrap, self.outcomes)
        if found != there + 2 * count:
            raise RuntimeError(f"{found} records on {self.outcomes}, {there + 2 * count} are right")
        low = min(level for _, level in growth.curve[1:])
        began = max(moment for moment, level in growth.curve if level <= low)
        ended = min(moment for moment, level in growth.curve if level == growth.curve[-1][1])
        return count / (ended - began)

    def discard(self) -> None:
        """Deletes all topics."""
        sagas = self.settings.sagas
        names = [sagas.history, sagas.attention, sagas.orphans, sagas.definitions]
        for lane in LANES:
            binding = bind(self.settings, lane)
            names += [*binding.requests, binding.results, binding.repeats, binding.state]
        self.bench.delete(*names)

    def _log(self, stem: str) -> Path:
        return self.bench.log(self.bench.name(stem))


@contextmanager
def ground(bench: Bench) -> Iterator[Ground]:
    """A site from start to end."""
    made = Ground.made(bench)
    try:
        yield made
    finally:
        made.discard()


def named(stem: str, count: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Starts of the benchmarks' sagas."""
    return ((f"{stem}-{number}", {"name": f"{stem}-{number}"}) for number in range(count))
