"""Runs tests in the copy, and says which of them turned red."""

import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY = 6 << 30
"""A test without a guard against bombs may ask for everything: it gets so many bytes and no more."""
TEST_SECONDS, RUN_SECONDS = 60, 300
FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
GREEN, RED = 0, 1


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of tests ended: its `failed` tests, or how the process died, or neither: `trouble` says why."""

    code: int
    failed: tuple[str, ...]
    seconds: float
    trouble: str = ""

    @property
    def green(self) -> bool:
        """Whether every test passed."""
        return self.code == GREEN

    @property
    def red(self) -> bool:
        """Whether a test failed or took the whole process with it; a test that could not be run is neither."""
        return bool(self.failed) or (self.code < 0 and not self.trouble)


def run(folder: Path, tests: Sequence[str], environment: Mapping[str, str], *, bounded: bool, write: bool) -> Ran:
    """Runs these tests in `folder` until the first that fails. Blocks; never raises for what they do.

    `bounded`: within MEMORY, children included; `write`: compiled modules may be kept.
    """
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-rf", "--no-header", "--tb=line", "-p", "no:cacheprovider",
        f"--timeout={TEST_SECONDS}", "--hypothesis-seed=0", "--hypothesis-profile=hasty", *tests,
    ]  # fmt: skip
    variables = dict(environment) if write else {**environment, "PYTHONDONTWRITEBYTECODE": "1"}
    began = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=_bound if bounded else None,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return Ran(-signal.SIGKILL, (), time.monotonic() - began, f"no end within {RUN_SECONDS} s")
    return verdict(process.returncode, said, time.monotonic() - began)


def verdict(code: int, said: str, seconds: float) -> Ran:
    """What a run's exit code and output mean."""
    failed = tuple(FAILED.findall(said)) if code == RED else ()
    understood = code == GREEN or code < 0 or failed
    last = [line for line in said.strip().splitlines() if line.strip()][-1:]
    return Ran(code, failed, seconds, "" if understood else f"exit code {code}: {' '.join(last)[:200]}")


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
