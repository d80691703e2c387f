"""Whether a lane has room for more records; one that stays full is paused, with hysteresis.

A lane that is full is waited for a moment first: pausing makes librdkafka throw away what it fetched.
"""

from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership, Phase
from streams.pipeline import Pipeline
from streams.reins import Reins

ROOM_SECONDS = 0.2


class Room:
    """Only the intake's thread may call."""

    def __init__(self, pipeline: Pipeline, ownership: Ownership, reins: Reins, metrics: LaneMetrics) -> None:
        self._pipeline, self._ownership, self._reins, self._metrics = pipeline, ownership, reins, metrics
        self.full = False

    def make(self) -> bool:
        """Whether there is room now; blocks for `ROOM_SECONDS` at most."""
        return self._wait_until_roomy() if self.full else self._wait_while_full()

    def _wait_while_full(self) -> bool:
        pipeline = self._pipeline
        if not pipeline.full or pipeline.wait_room(ROOM_SECONDS) or pipeline.aborted is not None:
            return True
        self.full = True
        self._metrics.pause()
        for partition in self._ownership.all():
            self._reins.pause(partition)
        return False

    def _wait_until_roomy(self) -> bool:
        if not self._pipeline.roomy:
            return False
        self.full = False
        self._metrics.resume()
        for partition in self._ownership.all():
            if partition.phase is Phase.RUNNING and not partition.parked:
                self._reins.resume(partition)
        return True
