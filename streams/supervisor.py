"""Keeps a number of workers alive on one machine, each in its slot, and starts a dead one again at once.

The workers are forked from a zygote (`streams.zygote`), so that a new one runs milliseconds after the old one
died. The supervisor holds the slots' locks for its workers: nobody takes a slot between two of them.
"""

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from streams.crew import Crew
from streams.presence import Presence, present
from streams.restarts import RestartPolicy
from streams.seat import Seat
from streams.settings import Settings, load
from streams.slots import reserve
from streams.supervision import Supervision
from streams.zygote_process import ZygoteProcess


class Supervisor:
    """A number of supervised workers. Any thread may call any method.

    `slots` chooses their slots; the default is the lowest free ones. `kills` counts the signals of `kill`
    and `retire`; such deaths are not taken for a crash loop.
    """

    def __init__(
        self,
        workers: int,
        *,
        only: Sequence[str] = (),
        leave: bool = False,
        web_port: int | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Settings | None = None,
        logs: Path | None = None,
        slots: Sequence[int] | None = None,
        policy: RestartPolicy | None = None,
        crew: Crew | None = None,
    ) -> None:
        self.settings = settings or load()
        self.crew = crew or Crew(
            logs=logs or self.settings.stack.directory / "logs",
            arguments={"only": list(only), "leave": leave, "claimed": True},
            environment=dict(environment or {}),
            web_port=web_port,
        )
        self.kills = 0
        self._workers, self._slots, self._policy = workers, slots, policy or RestartPolicy()
        self._seats: dict[int, Seat] = {}
        self._changed = threading.Condition()
        self._supervision: Supervision | None = None

    def start(self) -> None:
        """Takes the slots and orders the workers; blocks a second or more, but not until the workers serve.

        Raises SlotTaken or NoSlot; ZygoteFailed when what the workers run cannot be imported.
        """
        self.crew.logs.mkdir(parents=True, exist_ok=True)
        slots = reserve(self.settings, self._workers, self._slots)
        self._seats = {slot.number: Seat(slot) for slot in slots}
        try:
            self._supervision = Supervision(self._launch, self._seats, self._changed, self._policy, self.crew)
        except BaseException:
            self._release()
            raise
        self._supervision.start()

    def stop(self, timeout: float | None = None) -> dict[int, int | None]:
        """Drains the workers with SIGTERM, kills those that take longer than `timeout`, ends the zygote.

        The default time is the drain setting and some seconds more. Returns the last exit code of each slot.
        """
        allowed = self.settings.worker.drain_seconds + 4.0 if timeout is None else timeout
        self._dismiss_all(signal.SIGTERM)
        if not self.wait(allowed):
            self._dismiss_all(signal.SIGKILL)
            self.wait(5.0)
        if self._supervision is not None:
            self._supervision.stop()
            self._supervision = None
        self._release()
        return self.codes()

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks until no worker runs or will run again; False when the time is over first."""
        with self._changed:
            return self._changed.wait_for(lambda: all(seat.idle for seat in self._seats.values()), timeout)

    def slots(self) -> list[int]:
        """The slots that it keeps workers in."""
        return sorted(self._seats)

    def pids(self) -> dict[int, int]:
        """The workers that run now: slot to pid."""
        with self._changed:
            return {number: seat.pid for number, seat in self._seats.items() if seat.pid is not None}

    def codes(self) -> dict[int, int | None]:
        """How each slot's last dead worker ended (negative: by that signal); None where none has died."""
        with self._changed:
            return {number: seat.code for number, seat in self._seats.items()}

    def restarts(self) -> dict[int, int]:
        """How often each slot's worker was started again."""
        with self._changed:
            return {number: max(0, seat.starts - 1) for number, seat in self._seats.items()}

    def crashes(self) -> dict[int, int]:
        """How often a defect ended a worker of a slot (SIGABRT, SIGSEGV and the like), for slots in which one did."""
        with self._changed:
            return {number: seat.crashes for number, seat in self._seats.items() if seat.crashes}

    def present(self) -> dict[int, Presence]:
        """Those of the running workers that serve their web pages already: slot to presence."""
        pids = self.pids()
        return {one.slot: one for one in present(self.settings) if pids.get(one.slot) == one.pid}

    def ready(self) -> bool:
        """Whether every slot has a worker that is live and ready now. Blocks for their answers."""
        there = self.present()
        return set(there) == set(self._seats) and all(one.is_ready() for one in there.values())

    def log_of(self, slot: int) -> Path:
        """The log file of a slot's workers."""
        return self.crew.log_of(slot)

    def kill(self, slot: int, by: int = signal.SIGKILL) -> int | None:
        """Sends a running worker a signal (default: kill -9); its pid, or None when nobody sits there."""
        with self._changed:
            seat = self._seats[slot]
            pid = seat.send(by)
            seat.on_purpose = seat.on_purpose or pid is not None
            return self._count(pid)

    def retire(self, slot: int, by: int = signal.SIGKILL) -> int | None:
        """As `kill`, and nobody is started in its place."""
        with self._changed:
            return self._count(self._seats[slot].dismiss(by))

    def revive(self, slot: int, environment: Mapping[str, str] | None = None) -> None:
        """Wants a worker in a slot again (after `retire`); the next ones have this environment added."""
        with self._changed:
            seat = self._seats[slot]
            seat.environment, seat.wanted = dict(environment or {}), True
            if seat.idle:
                seat.due = time.monotonic()
        if self._supervision is not None:
            self._supervision.wake()

    def _launch(self) -> ZygoteProcess:
        return ZygoteProcess(self.crew.preload, self.crew.environment, self.crew.logs / "zygote.log")

    def _count(self, pid: int | None) -> int | None:
        self.kills += pid is not None
        return pid

    def _dismiss_all(self, by: int) -> None:
        with self._changed:
            for seat in self._seats.values():
                seat.dismiss(by)
            self._changed.notify_all()

    def _release(self) -> None:
        for seat in self._seats.values():
            seat.slot.release()
