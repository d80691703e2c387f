"""A progress bar on standard error for commands that take a while; nothing when nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EVERY = 256
"""Steps between two updates: drawing costs more than sending a record."""


class Meter:
    """Counts steps, and shows them if a person is there to see."""

    def __init__(self, label: str, total: int | None, console: Console) -> None:
        self.count = 0
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(label, total=total, speed="")

    def start(self) -> None:
        """Show the bar."""
        self._bar.start()

    def stop(self) -> None:
        """Remove the bar."""
        self._bar.stop()

    def advance(self) -> None:
        """One step more."""
        self.count += 1
        if self.count % EVERY == 0:
            self.reach(self.count)

    def reach(self, count: int, total: int | None = None) -> None:
        """So many steps in all are done (of `total`, if that is known now)."""
        self.count = count
        task = self._bar.tasks[0]
        speed = f"{task.speed:,.0f}/s" if task.speed else ""
        self._bar.update(self._task, completed=count, total=total or task.total, speed=speed)

    def label(self, text: str) -> None:
        """What is counted from here on."""
        self._bar.update(self._task, description=text, completed=0)

    def note(self, text: str) -> None:
        """A line on standard error, above the bar."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def meter(label: str, total: int | None = None) -> Iterator[Meter]:
    """A meter for the time of a block."""
    shown = Meter(label, total, Console(stderr=True))
    shown.start()
    try:
        yield shown
    finally:
        shown.stop()
