"""The demo's two supervised workers, and what can be seen of them from outside: health, metrics, pids."""

import os
import threading
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from streams.demo.figures import LaneFigures, read
from streams.demo.work import DIGITS, EMBED
from streams.presence import Presence
from streams.settings import LaneSettings, Settings
from streams.supervisor import Supervisor

WORKERS = 2
LANES = (DIGITS, EMBED)
LOOK_SECONDS = 0.4
ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one slot: its worker's pid (None: none runs), and whether that is ready."""

    pid: int | None = None
    ready: bool = False


class Workers(threading.Thread):
    """Keeps two workers through a supervisor, and looks at them every now and then, on this thread."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="demo-workers", daemon=True)
        environment = shared_cores(settings, os.cpu_count() or 1)
        self.supervisor = Supervisor(WORKERS, only=LANES, leave=True, environment=environment, settings=settings)
        self._stopping = threading.Event()
        self._pages: dict[int, dict[str, LaneFigures]] = {}
        self.looks: Mapping[int, Look] = {}

    def begin(self) -> None:
        """Orders the workers and begins to look; blocks a second or two."""
        self.supervisor.start()
        self.start()

    def end(self) -> None:
        """Stops the workers, with kill -9 if they don't end by themselves."""
        self._stopping.set()
        if self.is_alive():
            self.join()
        self.supervisor.stop()

    def run(self) -> None:
        """Looks until the end."""
        while not self._stopping.wait(LOOK_SECONDS):
            there = self.supervisor.present()
            pids = self.supervisor.pids()
            self.looks = {
                slot: Look(pids.get(slot), slot in there and there[slot].is_ready()) for slot in self.supervisor.slots()
            }
            for presence in there.values():
                self._scrape(presence)

    @property
    def ready(self) -> bool:
        """Whether both answer, and each owns partitions of each lane."""
        looks = self.looks
        return len(looks) == WORKERS and all(
            look.ready and look.pid is not None and self._owns(look.pid) for look in looks.values()
        )

    def figures(self, lane: str) -> LaneFigures:
        """A lane's figures over all workers that lived; what a killed one did after the last look is missing."""
        total = LaneFigures()
        for lanes in list(self._pages.values()):
            if lane in lanes:
                total.add(lanes[lane])
        return total

    def partitions(self, pid: int) -> dict[str, set[int]]:
        """The partitions that a worker read when it was last seen, by lane."""
        return {lane: set(figures.reads) for lane, figures in self._pages.get(pid, {}).items()}

    def logs(self) -> str:
        """Where the workers' logs are."""
        return ", ".join(str(self.supervisor.log_of(slot)) for slot in self.supervisor.slots())

    def _owns(self, pid: int) -> bool:
        lanes = self._pages.get(pid, {})
        return all(name in lanes and lanes[name].owned > 0 for name in LANES)

    def _scrape(self, presence: Presence) -> None:
        try:
            with urllib.request.urlopen(f"{presence.web}/metrics", timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                self._pages[presence.pid] = read(answer.read().decode())
        except (OSError, ValueError):
            return  # it starts, or has just died: the next look tells


def shared_cores(settings: Settings, cores: int) -> dict[str, str]:
    """Settings for workers that share this machine's cores, where a lane's device is not the user's own choice."""
    threads = max(1, cores // WORKERS)
    untouched = [name for name in LANES if settings.lane(name).devices == LaneSettings().devices]
    return {f"SLUICEGATE_LANES__{name.upper()}__DEVICES": f'[{{"threads": {threads}}}]' for name in untouched}
