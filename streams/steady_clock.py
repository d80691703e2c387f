"""The time of day by which lanes judge, which a jump of the machine's clock does not carry away.

Deadlines, the memory of repeats and timers all ask what time it is. A clock that is set wrong for a moment, by a faulty
source or by hand, would let deadlines pass, answers be forgotten and timers fire for good. So time goes on with the
monotonic clock, small corrections are followed at once, and a jump is believed when it has lasted.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

SLACK_NS = 500_000_000
"""A difference up to this is a correction, not a jump."""
PATIENCE_NS = 30_000_000_000
"""So long a jump must last."""
NS_IN_MS = 1_000_000

log = structlog.get_logger(__name__)


class Jump(NamedTuple):
    """What the machine's clock says against the monotonic one, in nanoseconds, and since when (monotonic)."""

    offset: int
    since: int


class SteadyClock:
    """Any thread may ask; `wall` and `monotonic` say the time in nanoseconds."""

    def __init__(
        self, wall: Callable[[], int] = time.time_ns, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._offset = wall() - monotonic()
        self._jump: Jump | None = None

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        moment = self._monotonic()
        offset = self._wall() - moment
        if abs(offset - self._offset) <= SLACK_NS:
            self._offset, self._jump = offset, None
        else:
            self._doubt(offset, moment)
        return (moment + self._offset) // NS_IN_MS

    def _doubt(self, offset: int, moment: int) -> None:
        # Held in one name: another thread may settle it meanwhile.
        jump = self._jump
        if jump is None or abs(offset - jump.offset) > SLACK_NS:
            self._jump = Jump(offset, moment)
        elif moment - jump.since >= PATIENCE_NS:
            log.warning("the machine's clock has jumped, and is believed", seconds=(offset - self._offset) / 1e9)
            self._offset, self._jump = offset, None


_clock = SteadyClock()


def now_ms() -> int:
    """Milliseconds since 1970, for this process."""
    return _clock.now_ms()


def _begin() -> None:
    # A worker that is forked long after its parent began believes the clock that it finds.
    global _clock
    _clock = SteadyClock()


os.register_at_fork(after_in_child=_begin)
