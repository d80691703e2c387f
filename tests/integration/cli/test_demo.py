"""The demo as a user runs it, on the session's stack, with fewer sentences."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streams.stack.testing import StackForTests
from streams.testing import eventually

SLUICEGATE = str(Path(sys.executable).with_name("sluicegate"))
MARK = "SLUICEGATE_DEMO_OF_THIS_TEST"


@pytest.fixture
def demo(stack: StackForTests, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, **stack.environment, MARK: str(tmp_path)}
    command = [SLUICEGATE, "demo", "--json", "--sentences", "300"]
    process = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=(tmp_path / "said").open("w")
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def left_over(folder: Path) -> list[int]:
    """Processes that the demo of this test has left."""

    def is_ours(process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == str(folder) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    return [process.pid for process in psutil.process_iter() if is_ours(process)]


@pytest.mark.timeout(360)
def test_the_demo_proves_its_promise_and_leaves_a_stack_that_was_there(
    demo: subprocess.Popen[str], stack: StackForTests, tmp_path: Path
) -> None:
    output, _ = demo.communicate(timeout=330)
    assert demo.returncode == 0, (tmp_path / "said").read_text()
    summary = json.loads(output)
    assert summary["holds"]
    assert summary["requests"] == summary["results"] == 899 + 300 + 3
    assert summary["worker_restarts"] == 1
    assert summary["digits"]["right_through_kafka"] == summary["digits"]["right_directly"] > 850
    assert len(summary["neighbours"]) == 3
    assert left_over(tmp_path) == []
    stack.new_topic("still-there")


@pytest.mark.timeout(240)
def test_control_c_leaves_no_worker(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    def at_work() -> bool:
        return "never saw" in (tmp_path / "said").read_text()

    eventually(at_work, within=120, what="the demo's workers")
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 130
    assert left_over(tmp_path) == []
