"""`sluicegate worker` and `sluicegate supervise` as processes of their own, against the real stack."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from streams.exit_codes import ExitCode
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import LaneSettings, Settings, override
from streams.stack.testing import StackForTests
from streams.testing import eventually

SLUICEGATE = str(Path(sys.executable).with_name("sluicegate"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Processes:
    """Starts `sluicegate` processes against lane echo on topics of its own, and ends them all."""

    def __init__(self, stack: StackForTests, directory: Path) -> None:
        name = uuid4().hex[:8]
        lane = LaneSettings(requests=(f"requests-{name}",), results=f"results-{name}", group=f"group-{name}")
        self.settings: Settings = override(stack.settings, {"lanes": {"echo": lane}})
        provision(self.settings, plan_for(self.settings, ["echo"]))
        self.environment = {
            **os.environ,
            **stack.environment,
            "SLUICEGATE_STACK__DIRECTORY": str(directory),
            "SLUICEGATE_LANES": json.dumps({"echo": lane.model_dump(exclude_defaults=True)}),
        }
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [SLUICEGATE, *arguments, "--only", "echo"],
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.started.append(process)
        return process

    def status(self, *options: str) -> str:
        """What `sluicegate status` prints."""
        return subprocess.run(
            [SLUICEGATE, "status", *options], env=self.environment, text=True, capture_output=True, check=False
        ).stdout

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def processes(stack: StackForTests, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(stack, tmp_path)
    yield made
    made.end()


def health(port: int) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as unwell:
        return dict(json.load(unwell))
    except OSError:
        return {}


def ready(port: int) -> bool:
    return bool(health(port).get("ready"))


def end_of(process: subprocess.Popen[str], within: float = 30) -> tuple[int, str]:
    said, _ = process.communicate(timeout=within)
    return process.returncode, said


def test_a_worker_serves_its_health_and_drains_on_sigterm(processes: Processes) -> None:
    port = free_port()
    worker = processes.start("worker", "--web-port", str(port))
    eventually(lambda: ready(port), within=60)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
        assert b"sluicegate_partitions_owned" in answer.read()
    (row,) = json.loads(processes.status("--json"))["workers"]
    assert (row["pid"], row["web_port"], row["lanes"], row["live"], row["ready"]) == (
        worker.pid,
        port,
        ["echo"],
        True,
        True,
    )
    assert f"http://127.0.0.1:{port}" in processes.status()
    worker.send_signal(signal.SIGTERM)
    assert end_of(worker)[0] == ExitCode.OK


def test_two_workers_get_a_slot_each_and_a_third_with_a_taken_one_is_refused(processes: Processes) -> None:
    ports = [free_port(), free_port()]
    first, _second = (processes.start("worker", "--web-port", str(port)) for port in ports)
    eventually(lambda: all(map(ready, ports)), within=60)
    slots = eventually(lambda: sorted(Path(processes.environment["SLUICEGATE_STACK__DIRECTORY"]).glob("slots/*.lock")))
    holders = {int(path.read_text()): path.stem for path in slots}
    assert sorted(holders.values()) == ["0", "1"]
    taken = holders[first.pid]
    code, said = end_of(processes.start("worker", "--slot", taken))
    assert code == ExitCode.SLOT_TAKEN
    assert f"slot {taken} is held by process {first.pid}" in said
    assert "Traceback" not in said


def test_supervised_workers_come_back_and_end_with_their_supervisor(processes: Processes) -> None:
    base = free_port()
    supervisor = processes.start("supervise", "--workers", "1", "--web-port", str(base))
    eventually(lambda: ready(base), within=60)
    (worker,) = workers_of(supervisor.pid)
    worker.kill()
    eventually(lambda: workers_of(supervisor.pid) not in ([], [worker]), within=20)
    eventually(lambda: ready(base), within=20)
    family = psutil.Process(supervisor.pid).children(recursive=True)
    supervisor.send_signal(signal.SIGTERM)
    assert end_of(supervisor)[0] == ExitCode.OK
    assert not any(process.is_running() for process in family)


def workers_of(supervisor: int) -> list[psutil.Process]:
    """The workers are the children of the supervisor's only child."""
    return [worker for zygote in psutil.Process(supervisor).children() for worker in zygote.children()]


def test_a_web_port_in_use_is_one_line(processes: Processes) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = end_of(processes.start("worker", "--web-port", str(taken.getsockname()[1])))
    assert code == ExitCode.FAILED
    assert "--web-port" in said
    assert "Traceback" not in said
