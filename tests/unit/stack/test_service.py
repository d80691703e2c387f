"""Services are found by what stands on their command line, and stopped whatever they do."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streams.stack import service
from streams.stack.service import Running, Service, marks
from streams.testing import eventually

PROGRAM = "import signal, time; {before}; print('up', flush=True); time.sleep(60)"


def sleeper(folder: Path, before: str = "pass", name: str = "kafka") -> Service:
    """A small program in the shape of a service."""
    command = (sys.executable, "-c", PROGRAM.format(before=before), *marks(name, folder, 4711))
    return Service(name, 4711, command, {"MARK": "here"}, folder / "out")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Running]:
    """One that runs and has printed its line."""
    running = service.start(sleeper(tmp_path))
    eventually(lambda: "up" in (tmp_path / "out").read_text())
    yield running
    service.stop(running, 5)


def test_a_running_service_is_found_with_its_port_pid_and_start(started: Running, tmp_path: Path) -> None:
    found = service.find("kafka", tmp_path)
    assert found is not None
    assert (found.name, found.port, found.pid, found.since) == ("kafka", 4711, started.pid, started.since)


def test_another_name_or_directory_is_another_service(started: Running, tmp_path: Path) -> None:
    assert service.find("registry", tmp_path) is None
    assert service.find("kafka", tmp_path / "elsewhere") is None


def test_it_survives_the_session_that_started_it(started: Running) -> None:
    assert psutil.Process(started.pid).terminal() is None
    own_session = subprocess.run(["ps", "-o", "sid=", "-p", str(started.pid)], capture_output=True, text=True)
    assert int(own_session.stdout) == started.pid


def test_one_that_was_killed_is_not_found_and_not_alive(started: Running, tmp_path: Path) -> None:
    started.process.kill()
    eventually(lambda: not started.is_alive())
    assert service.find("kafka", tmp_path) is None


def test_stop_asks_first(started: Running, tmp_path: Path) -> None:
    assert service.stop(started, 5)
    assert service.find("kafka", tmp_path) is None


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    running = service.start(sleeper(tmp_path, before="signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    eventually(lambda: "up" in (tmp_path / "out").read_text())
    assert not service.stop(running, 0.2)
    assert not running.is_alive()


def test_stopping_what_is_gone_is_no_error(started: Running) -> None:
    service.stop(started, 5)
    assert service.stop(started, 5)
