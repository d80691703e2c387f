"""Places where a test kills, stops or delays this process: `SLUICEGATE_FAILPOINTS=commit.before:3:kill`.

Each rule is `name:nth:action` (or `name:nth:action:seconds`), rules are separated by commas: at the nth passage of the
named place the action happens. Actions: `kill` (SIGKILL), `stop` (SIGSTOP), `raise` (FailpointReached), `delay` (sleeps
the given seconds), `hold` (waits while the file is there that `SLUICEGATE_FAILPOINT_HOLD` names). Without the variable
a passage costs one comparison with None.
"""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from schemas.errors import SluicegateError

VARIABLE = "SLUICEGATE_FAILPOINTS"
HOLD_VARIABLE = "SLUICEGATE_FAILPOINT_HOLD"
HOLD_SECONDS = 60.0
STAGES = ("decode", "admit", "dispatch", "infer", "begin", "produce", "send_offsets", "commit", "apply", "revoke")
NAMES = tuple(f"{stage}.{side}" for stage in STAGES for side in ("before", "after"))

RULE = re.compile(r"(?P<name>[^:]+):(?P<nth>[1-9]\d*):(?P<action>[^:]+)(:(?P<seconds>\d+(\.\d+)?))?", re.ASCII)


class FailpointReached(SluicegateError):
    """A failpoint with the action `raise` was passed."""


class Rule:
    """One armed failpoint: counts passages and acts at the nth."""

    def __init__(self, name: str, nth: int, action: str, seconds: float) -> None:
        self.name, self.nth, self.action, self.seconds = name, nth, action, seconds
        self.passed = 0

    def hit(self) -> None:
        """Counts one passage; acts when it is the nth, and says so."""
        self.passed += 1
        if self.passed == self.nth:
            os.write(2, f"failpoint {self.name}: {self.action}\n".encode())
            ACTIONS[self.action](self)


def parse(text: str) -> dict[str, Rule]:
    """The rules by name. Raises ValueError, naming the rule, when it is not written so or its name does not exist."""
    rules = {}
    for item in filter(None, text.split(",")):
        written = RULE.fullmatch(item)
        if written is None or written["name"] not in NAMES or written["action"] not in ACTIONS:
            raise ValueError(
                f"failpoint {item!r}: write name:nth:action or name:nth:action:seconds, nth from 1, "
                f"an action of {', '.join(ACTIONS)}, a name of {', '.join(NAMES)}"
            )
        seconds = float(written["seconds"] or 1.0)
        rules[written["name"]] = Rule(written["name"], int(written["nth"]), written["action"], seconds)
    return rules


def _raise(rule: Rule) -> None:
    raise FailpointReached(f"failpoint {rule.name} reached")


def _hold(rule: Rule) -> None:
    file, deadline = Path(os.environ[HOLD_VARIABLE]), time.monotonic() + HOLD_SECONDS
    while file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


ACTIONS: dict[str, Callable[[Rule], None]] = {
    "kill": lambda rule: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda rule: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
    "hold": _hold,
    "delay": lambda rule: time.sleep(rule.seconds),
}

_rules: dict[str, Rule] | None = parse(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def passing(name: str) -> None:
    """Marks the passage of a named place."""
    if _rules is not None and name in _rules:
        _rules[name].hit()
