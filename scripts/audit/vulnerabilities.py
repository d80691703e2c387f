"""Known vulnerabilities of the pins, asked of whatever service answers; no answer is never taken for a good one.

pip-audit calls a package that its service does not know `skipped`, and ends well. So a version that is known to be
vulnerable is asked for first: a service that finds nothing in it says nothing about the others either.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

CANARY = "jinja2==2.10"
SERVICES = ("osv", "pypi")
TOOL = Path(__file__).with_name("requirements.txt")
TOOL_SECONDS, ASK_SECONDS = 300, 600

Ask = Callable[[str, Path], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: how many packages it knows, what is wrong with them, and which it does not know."""

    service: str
    known: int
    found: tuple[str, ...]
    unknown: tuple[str, ...]


class NotAnswered(Exception):
    """No service answered, or none that can be believed."""


def ask_all(pins: Path, folder: Path, ask: Ask | None = None) -> Answer:
    """The first service's answer that can be believed. Blocks; raises NotAnswered, with a reason for each."""
    asking = ask or _tool(folder)
    canary, reasons = folder / "canary.txt", []
    canary.write_text(f"{CANARY}\n")
    for service in SERVICES:
        try:
            if not understood(service, asking(service, canary)).found:
                reasons.append(f"{service} finds nothing in {CANARY}, which is known to be vulnerable")
                continue
            return understood(service, asking(service, pins))
        except NotAnswered as error:
            reasons.append(f"{service}: {error}")
    raise NotAnswered("; ".join(reasons))


def understood(service: str, said: str) -> Answer:
    """pip-audit's JSON; raises NotAnswered for anything else."""
    try:
        listed = json.loads(said)["dependencies"]
        found = [f"{one['name']} {one['version']}: {bug['id']}" for one in listed for bug in one.get("vulns", ())]
        unknown = [one["name"] for one in listed if "skip_reason" in one]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        last = said.strip().splitlines()[-1:] or ["nothing"]
        raise NotAnswered(f"no answer: {last[0][:200]}") from error
    return Answer(service, len(listed) - len(unknown), tuple(found), tuple(unknown))


def _tool(folder: Path) -> Ask:
    program = installed(folder)

    def ask(service: str, pins: Path) -> str:
        command: list[str | Path] = [program, "--requirement", pins, "--disable-pip", "--no-deps", "--format", "json",
                   "--vulnerability-service", service, "--progress-spinner", "off"]  # fmt: skip
        return _run(command, ASK_SECONDS)

    return ask


def installed(folder: Path) -> Path:
    """pip-audit, in an environment of its own. Blocks; raises NotAnswered where it can't be installed."""
    home, wanted = folder / "tool", sha256(TOOL.read_bytes()).hexdigest()
    stamp, program = home / "requirements.sha256", home / "bin" / "pip-audit"
    if stamp.is_file() and stamp.read_text() == wanted and program.is_file():
        return program
    make: list[str | Path] = [sys.executable, "-m", "venv", "--clear", home]
    pip: list[str | Path] = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes"]
    for command in (make, [*pip, "--no-deps", "-r", TOOL]):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=TOOL_SECONDS)
        except subprocess.SubprocessError as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
            raise NotAnswered(f"pip-audit could not be installed: {' '.join(said)[:200]}") from error
    stamp.write_text(wanted)
    return program


def _run(command: Sequence[str | Path], seconds: float) -> str:
    """What it writes: its answer, or its complaint where there is none."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return f"no end within {seconds:g} s"
    return ran.stdout if ran.stdout.strip() else ran.stderr
