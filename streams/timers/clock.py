"""The wall clock of timers: it never goes back."""

import time


class ForwardClock:
    """Milliseconds since 1970; while the machine's clock is behind what it said before, it stands still."""

    def __init__(self) -> None:
        self._last = 0

    def now_ms(self) -> int:
        """The time, not before any time that was given out."""
        self._last = max(self._last, time.time_ns() // 1_000_000)
        return self._last
