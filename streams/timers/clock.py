"""The wall clock of timers: it never goes back."""

from streams import steady_clock


class ForwardClock:
    """Milliseconds since 1970; while the machine's clock is behind what it said before, it stands still."""

    def __init__(self) -> None:
        self._last = 0

    def now_ms(self) -> int:
        """The time, not before any time that was given out."""
        self._last = max(self._last, steady_clock.now_ms())
        return self._last
