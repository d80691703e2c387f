"""Sagas on topics of a test's own: workers, commands, and what the topics say."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from confluent_kafka import Producer

from sagas.events import HistoryEvent
from sagas.fold import fold
from sagas.inputs import CommandKind
from sagas.instance import Instance, Status
from sagas.wire.messages import LANE
from schemas.registry import Registry
from streams.client.routes import open_route
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.sagas.asking import ask, command
from streams.sagas.reading import SagaReader
from streams.settings import LaneSettings, SagaSettings, Settings, override
from streams.stack.testing import StackForTests
from streams.testing import eventually

WORKER = Path(__file__).parent / "saga_worker.py"
WITHIN = 60.0


class SagaSite:
    """The topics of sagas and of an echo lane; use as a context manager: what was started is killed at its end."""

    def __init__(self, stack: StackForTests, logs: Path, partitions: int = 2, **more: Any) -> None:
        mark = uuid4().hex[:8]
        lanes: dict[str, Any] = {
            "sagas": {"requests": [f"inbox-{mark}"], "results": f"outcomes-{mark}", "group": f"sagas-{mark}"},
            "echo": {"requests": [f"echo-{mark}"], "results": f"echoed-{mark}", "group": f"echo-{mark}"},
        }
        sagas = {name: f"{name}-{mark}" for name in ("history", "attention", "orphans", "definitions")}
        shared = {"dead_letters": f"letters-{mark}", "control": f"control-{mark}"}
        self._logs, self._workers = logs, list[psutil.Popen]()
        self.settings: Settings = override(
            stack.settings,
            {
                "topics": stack.settings.topics.model_copy(update={"partitions": partitions}),
                "lanes": {name: LaneSettings.model_validate(one, strict=False) for name, one in lanes.items()},
                "sagas": SagaSettings(**sagas),
                **shared,
            },
        )
        self.environment = {
            **os.environ,
            **stack.environment,
            "SLUICEGATE_LANES": json.dumps(lanes),
            "SLUICEGATE_SAGAS": json.dumps(sagas),
            **{f"SLUICEGATE_{name.upper()}": topic for name, topic in shared.items()},
            "SLUICEGATE_TOPICS__PARTITIONS": str(partitions),
            **more,
        }
        self.registry = Registry(self.settings.registry.url)

    def __enter__(self) -> "SagaSite":
        provision(self.settings, plan_for(self.settings, ["sagas", "echo"]))
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()

    def worker(self, slot: int, *lanes: str, **environment: str) -> psutil.Popen:
        """A worker with these lanes."""
        path = self.log(len(self._workers))
        with path.open("wb") as log:
            process = psutil.Popen(
                [sys.executable, str(WORKER), str(slot), *lanes],
                env={**self.environment, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._workers.append(process)
        return process

    def log(self, number: int) -> Path:
        """What the worker that was started as this one said."""
        return self._logs / f"worker-{number}.log"

    def start(self, saga: str, saga_id: str, text: str = "hello") -> dict[str, Any]:
        """Starts a saga; the answer."""
        message = json.dumps({"name": saga_id, "text": text}).encode()
        return self.ask(CommandKind.START, saga_id, saga=saga, payload=message)

    def send_starts(self, saga: str, names: Sequence[str]) -> None:
        """Starts sagas, all at once; nobody waits for the answers."""
        route = open_route(self.settings, self.registry, LANE)
        producer = Producer(
            {"bootstrap.servers": self.settings.kafka.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        for name in names:
            message = json.dumps({"name": name, "text": "hello"}).encode()
            record = command(CommandKind.START, name, saga=saga, payload=message)
            producer.produce(route.topic, route.encode(record), name.encode())
        assert producer.flush(30) == 0

    def ask(self, kind: CommandKind, saga_id: str, **fields: Any) -> dict[str, Any]:
        """The answer to a command."""
        return dict(ask(self.settings, command(kind, saga_id, **fields), WITHIN).record)

    def reader(self) -> SagaReader:
        """Reads the topics."""
        return SagaReader(self.settings, self.registry)

    def history(self, saga_id: str) -> list[HistoryEvent]:
        """What happened to a saga."""
        return self.reader().history(saga_id)

    def all_become(self, names: Sequence[str], status: Status) -> None:
        """Waits until all of these are kept so."""

        def there() -> bool:
            states = self.reader().states()
            return all(name in states and states[name].status is status for name in names)

        eventually(there, within=WITHIN, every=0.3, what=f"{len(names)} sagas {status}")

    def becomes(self, saga_id: str, status: Status, within: float = WITHIN) -> Instance:
        """Waits until the history says so; the saga that it folds to, which is the one that is kept."""

        def there() -> Instance | None:
            found = fold(self.history(saga_id))
            return found if found is not None and found.status is status else None

        found = eventually(there, within=within, every=0.2, what=f"{saga_id} {status}")
        assert self.reader().state(saga_id) == found
        return found
