"""One slot of a supervisor: the worker that sits there now, and what became of those before."""

import os
import signal
from dataclasses import dataclass, field

from streams.restarts import History, RestartPolicy, after_death
from streams.slots import Slot

CRASHES = frozenset(-number for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV))
"""The codes of workers that a defect ended: nobody sends these signals."""


@dataclass(slots=True)
class Seat:
    """A slot, whether a worker is wanted in it, its pid, when the next one is due (monotonic seconds)."""

    slot: Slot
    wanted: bool = True
    due: float | None = 0.0
    ordered: bool = False
    pid: int | None = None
    started: float = 0.0
    on_purpose: bool = False
    farewell: int = signal.SIGTERM
    code: int | None = None
    starts: int = 0
    crashes: int = 0
    history: History = field(default_factory=History)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Nobody sits here, is on the way, or will come."""
        return not self.ordered and self.pid is None and self.due is None

    def order(self, now: float) -> None:
        """A worker was ordered."""
        self.ordered, self.due, self.started, self.on_purpose = True, None, now, False
        self.starts += 1

    def arrived(self, pid: int) -> None:
        """The worker has a pid. One that is not wanted any more is sent away again."""
        self.ordered, self.pid = False, pid
        if not self.wanted:
            self.send(self.farewell)

    def dismiss(self, by: int) -> int | None:
        """Sends the worker away, for good; its pid."""
        self.wanted, self.due, self.farewell = False, None, by
        return self.send(by)

    def send(self, by: int) -> int | None:
        """Signals the worker; its pid, or None when nobody sits here."""
        if self.pid is None:
            return None
        pid = self.pid
        try:
            os.kill(pid, by)
        except ProcessLookupError:
            return None
        return pid

    def ended(self, code: int, now: float, policy: RestartPolicy) -> None:
        """The worker is dead: decides when, and whether, the next one comes."""
        self.pid, self.ordered, self.code = None, False, code
        self.crashes += code in CRASHES
        pause, self.history = after_death(policy, self.history, code, now - self.started, self.on_purpose)
        if self.wanted and pause is not None:
            self.due = now + pause
        else:
            self.wanted = False
