"""How long this machine let nobody run: what else would a timer be blamed for."""

import time
from itertools import pairwise
from threading import Event, Thread

STEP_MS = 10.0
BUSY_MS = 20.0


class MachineStalls:
    """A thread that sleeps in small steps and notes when it woke; use as a context manager, ask once it has ended."""

    def __init__(self) -> None:
        self._ended = Event()
        self._woke: list[float] = []
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "MachineStalls":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def longest(self, begin_ms: float = 0.0, end_ms: float = float("inf")) -> float:
        """The most that a step overslept, in milliseconds, of those that touch this time (since 1970)."""
        touching = [later - one for one, later in pairwise(self._woke) if one <= end_ms and later >= begin_ms]
        return max(0.0, max(touching, default=STEP_MS) - STEP_MS)

    @property
    def busy(self) -> bool:
        """Whether the machine had no time for a thread that hardly needs any."""
        return self.longest() >= BUSY_MS

    def _run(self) -> None:
        while not self._ended.wait(STEP_MS / 1_000):
            self._woke.append(time.time_ns() / 1_000_000)
