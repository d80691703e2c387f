"""Where the demo shows itself: a moving picture on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live

from streams.demo.picture import Scene, draw, line

PICTURES_A_SECOND = 8
LINE_SECONDS = 3.0


class Screen:
    """Steps, events and the scene, as the console can show them."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.begin = time.monotonic()
        self._live: Live | None = None
        self._scene: Scene | None = None
        self._next_line = 0.0

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return time.monotonic() - self.begin

    def say(self, words: str, style: str = "") -> None:
        """One line, with the time."""
        self.console.print(f"[dim]{self.seconds:5.1f} s[/]  {words}", style=style, highlight=False)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Shows what is being done, while it is."""
        if not self.console.is_terminal:
            self.say(doing)
            yield
            return
        with self.console.status(doing):
            yield
        self.say(doing)

    @contextmanager
    def showing(self, scene: Scene) -> Iterator[None]:
        """Shows the scene until the end of the block; its last picture stays."""
        self._scene = scene
        if not self.console.is_terminal:
            yield
            return
        with Live(console=self.console, refresh_per_second=PICTURES_A_SECOND, get_renderable=self._draw) as self._live:
            yield
        self._live = None

    def look(self) -> None:
        """Called again and again while a scene is shown: prints a line where there is no picture."""
        now = time.monotonic()
        if self._live is None and self._scene is not None and now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            self.say(line(self._scene, now))

    def _draw(self) -> Group:
        assert self._scene is not None
        return draw(self._scene, time.monotonic())
