"""The clock of one process, wrong while every other one's is right."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.proof import clock
from streams.proof.campaign.trials import clocks
from streams.proof.clock import Clock

HOUR = 3_600.0
ASKED = """
import threading, time
for line in iter(input, "end"):
    began, waiting = time.monotonic(), threading.Event()
    waiting.wait(0.01)
    print(time.time(), time.time_ns() / 1e9, time.monotonic() - began, flush=True)
"""


def test_one_process_reads_another_time_of_day_and_waits_no_longer_for_it(tmp_path: Path) -> None:
    if clock.compiler() is None:
        assert clocks.lacks() == "a C compiler"
        return
    wrong = Clock(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", ASKED],
        env={**os.environ, **wrong.variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def ask() -> list[float]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("now\n")
            process.stdin.flush()
            return [float(word) for word in process.stdout.readline().split()]

        for ahead in (0.0, HOUR, -HOUR):
            wrong.set(process.pid, ahead)
            seconds, nanoseconds, waited = ask()
            assert seconds == pytest.approx(time.time() + ahead, abs=5)
            assert nanoseconds == pytest.approx(time.time() + ahead, abs=5)
            assert waited < 1
        wrong.set(process.pid + 1, HOUR)
        assert ask()[0] == pytest.approx(time.time(), abs=5)
        wrong.set_right()
        assert ask()[0] == pytest.approx(time.time(), abs=5)
        process.communicate("end\n")


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LookupError, match="C compiler"):
        clock.compiled(tmp_path)
