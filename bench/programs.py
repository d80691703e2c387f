"""Processes that a benchmark starts: each has a log, and each ends with the benchmark."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
STOP_SECONDS = 15.0


class Died(RuntimeError):
    """A program ended before it was told to."""


class Program:
    """A running program."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self.log = log
        self.pid = process.pid

    def check(self) -> None:
        """Raises Died, with the end of its log, when it does not run any more."""
        if self._process.poll() is not None:
            raise Died(f"{self._process.args!r:.120} ended with {self._process.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2_000:]

    def cpu_seconds(self) -> float:
        """Processor time that it and its children have used."""
        found = psutil.Process(self.pid)
        return sum(sum(one.cpu_times()[:2]) for one in [found, *found.children(recursive=True)])

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout)

    def stop(self) -> None:
        """Ends it, gently first."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@contextmanager
def running(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Program]:
    """A program from start to end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        )
    program = Program(process, log)
    try:
        yield program
    finally:
        program.stop()
