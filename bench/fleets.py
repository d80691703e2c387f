"""A few instances of one contestant that are killed and started again: this project's, or another's."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from bench.environment import Bench
from bench.peers.copy_task import CopyTask
from bench.peers.install import kafka_streams_jars, quix_python
from bench.programs import ROOT, STOP_SECONDS
from streams.proof.site import Site
from streams.supervisor import Supervisor
from streams.testing import eventually

Command = Callable[[CopyTask], Sequence[str]]
START_SECONDS = 30.0


class Fleet(Protocol):
    """Instances by number."""

    def start(self) -> None:
        """Starts them all; does not wait until they work."""

    def strike(self, number: int) -> None:
        """kill -9; whoever keeps them running starts it again at once."""

    def remove(self, number: int) -> None:
        """kill -9, and nobody starts it again."""

    def bring_back(self, number: int) -> None:
        """Starts a removed one."""

    def stop(self) -> None:
        """Ends them all, gently first; blocks."""


class Workers:
    """Workers of this project under `sluicegate supervise`'s supervisor."""

    def __init__(self, site: Site, count: int) -> None:
        self._supervisor = Supervisor(
            count, only=[site.processor], environment=site.environment, settings=site.settings, slots=range(count)
        )

    def start(self) -> None:
        self._supervisor.start()

    def strike(self, number: int) -> None:
        self._pid(number)
        self._supervisor.kill(number)

    def remove(self, number: int) -> None:
        self._pid(number)
        self._supervisor.retire(number)

    def bring_back(self, number: int) -> None:
        eventually(lambda: number not in self._supervisor.pids(), within=START_SECONDS, what="the worker's end")
        self._supervisor.revive(number)

    def stop(self) -> None:
        self._supervisor.stop()

    def _pid(self, number: int) -> int:
        return eventually(lambda: self._supervisor.pids().get(number, 0), within=START_SECONDS, what="a worker")


class Copiers:
    """Programs that copy a topic, each started again by us at the moment at which it is killed."""

    def __init__(self, bench: Bench, tasks: Sequence[CopyTask], command: Command) -> None:
        self._bench, self._tasks, self._command = bench, tasks, command
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for number in range(len(self._tasks)):
            self.bring_back(number)

    def strike(self, number: int) -> None:
        self.remove(number)
        self.bring_back(number)

    def remove(self, number: int) -> None:
        process = self._running.pop(number)
        process.kill()
        process.wait()

    def bring_back(self, number: int) -> None:
        task = self._tasks[number]
        log = self._bench.log(task.instance)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._running[number] = subprocess.Popen(
                list(self._command(task)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT
            )

    def stop(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def python_program(module: str, python: Callable[[], Path] = lambda: Path(sys.executable)) -> Command:
    """A program of bench.peers, in the environment that has what it needs."""
    return lambda task: [str(python()), "-m", f"bench.peers.{module}", json.dumps(asdict(task))]


def kafka_streams(task: CopyTask) -> Sequence[str]:
    """Kafka Streams with exactly_once_v2."""
    more = {
        "main.consumer.group.instance.id": task.instance,
        "main.consumer.session.timeout.ms": task.session_ms,
        "main.consumer.heartbeat.interval.ms": task.session_ms // 10,
        "producer.transaction.timeout.ms": task.transaction_ms,
    }
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    names = [task.bootstrap, task.source, task.target, task.group, task.work]
    return ["java", *options, "-cp", kafka_streams_jars(), "Copy", *names, *(f"{k}={v}" for k, v in more.items())]


FAUST = python_program("faust_copy")
QUIX = python_program("quix_copy", quix_python)
