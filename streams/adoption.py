"""Partitions on their way to work: their state is asked for, and when it has come they start from where it is.

After an assignment, after an abort (every partition goes back to what is committed), and after an operator's resume.
"""

import time
from collections.abc import Callable, Iterable

import structlog

from streams.partition import Ownership, Partition, Phase
from streams.pipeline import Pipeline
from streams.reins import Reins
from streams.restoration import Delayed, Restoration, Restored
from streams.state_keeper import StateKeeper
from streams.timers.timekeeper import Timers

log = structlog.get_logger(__name__)


class Adoption:
    """Only the intake's thread may call. `full` tells whether a partition that starts must stay paused."""

    def __init__(
        self,
        restoration: Restoration,
        pipeline: Pipeline,
        ownership: Ownership,
        keeper: StateKeeper,
        timers: Timers,
        reins: Reins,
        full: Callable[[], bool],
    ) -> None:
        self._restoration, self._pipeline, self._ownership = restoration, pipeline, ownership
        self._keeper, self._timers, self._reins, self._full = keeper, timers, reins, full
        self._restoring: set[Partition] = set()
        self._delayed: set[Partition] = set()

    @property
    def waiting(self) -> bool:
        """Whether a partition is being restored that will not be delayed as far as anybody knows."""
        return bool(self._restoring)

    def ask(self, partitions: Iterable[Partition]) -> None:
        """Has these partitions restored; answers to what was asked before no longer count."""
        asked = list(partitions)
        for partition in asked:
            partition.ticket += 1
            (self._restoring if partition.waits_for is None else self._delayed).add(partition)
        self._restoration.submit(asked)

    def rewind(self) -> None:
        """After an abort: every owned partition goes back to what is committed."""
        self._pipeline.restart()
        self._keeper.roll_back()
        partitions = [partition for partition in self._ownership.all() if partition.phase is not Phase.FAILED]
        for partition in partitions:
            partition.phase = Phase.RESTORING
            partition.in_flight.clear()
            partition.parked.clear()
            self._reins.pause(partition)
        self.ask(partitions)

    def take(self) -> None:
        """Starts those whose state has come."""
        if not self._restoring and not self._delayed:
            return
        while not self._restoration.restored.empty():
            restored = self._restoration.restored.get()
            partition = restored.partition
            if partition.phase is not Phase.RESTORING or not partition.owned or restored.ticket != partition.ticket:
                continue
            if isinstance(restored, Delayed):
                partition.waits_for = restored.reason
                self._restoring.discard(partition)
                self._delayed.add(partition)
            else:
                self._start(restored)
        self._restoring = {partition for partition in self._restoring if partition.owned}
        # Those that are delayed, perhaps until somebody acts, are not waited for.
        if not self._restoring:
            self._pipeline.resume(time.monotonic())

    def drop(self, ended: set[Partition]) -> None:
        """These are no longer ours."""
        self._restoring -= ended
        self._delayed -= ended

    def _start(self, restored: Restored) -> None:
        partition = restored.partition
        partition.waits_for = None
        if restored.problem is not None:
            partition.phase = Phase.FAILED
            log.error("a partition can't be read", error=str(restored.problem))
        elif restored.stopped:
            partition.phase = Phase.STOPPED
            log.error("a partition is stopped", partition=str(partition), cure="sluicegate partitions resume")
        else:
            self._reins.go_to(partition, restored.offset)
            partition.phase = Phase.RUNNING
            self._timers.restored(partition)
            if self._full():
                self._reins.pause(partition)
        self._restoring.discard(partition)
        self._delayed.discard(partition)
