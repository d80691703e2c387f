"""What the workers of one supervisor run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Crew:
    """What every worker of a supervisor runs.

    `entry` (`module:function`) is called with `arguments`, the worker's `number` and, where `web_port` is given, its
    `web_port + number`; `preload` (modules, or functions to call) is loaded before; `environment` is added to the
    process's own; the output of slot n is appended to `logs/worker-n.log`.
    """

    logs: Path
    entry: str = "streams.worker:work"
    preload: tuple[str, ...] = ("streams.preload:warm",)
    arguments: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    web_port: int | None = None

    def log_of(self, slot: int) -> Path:
        """The log file of a slot; each of its workers appends to it."""
        return self.logs / f"worker-{slot}.log"

    def call(self, slot: int) -> dict[str, Any]:
        """The arguments of one worker."""
        port = {} if self.web_port is None else {"web_port": self.web_port + slot}
        return {**self.arguments, **port, "number": slot}
