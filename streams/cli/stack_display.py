"""How the local stack looks to a person: progress while it starts, a table when it stands."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.table import Table

from streams.stack.state import Report, State


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """A line for each service that is done, and one that moves for what is under way."""
    began: dict[str, float] = {}
    phases: dict[str, str] = {}
    with console.status("looking") as status:

        def report(name: str, phase: str) -> None:
            now = time.monotonic()
            seconds = now - began.setdefault(name, now)
            finished = phase in {"ready", "stopped"} or phase.startswith("killed")
            if finished:
                phases.pop(name, None)
                console.print(f"{name} {phase} after {seconds:.1f} s", highlight=False)
            elif not console.is_terminal and phases.get(name) != phase:
                console.print(f"{name}: {phase}", highlight=False)
            if not finished:
                phases[name] = phase
            status.update(", ".join(f"{one} {doing}" for one, doing in phases.items()) or "finishing")

        yield report


def table(states: list[State]) -> Table:
    """One row for each service."""
    shown = Table(box=None, header_style="bold")
    for name in ("service", "address", "state", "pid", "since", "log"):
        shown.add_column(name, no_wrap=name != "log", overflow="fold")
    for one in states:
        address = f"localhost:{one.port}" if one.running else "-"
        since = datetime.fromtimestamp(one.since).strftime("%Y-%m-%d %H:%M:%S") if one.since else "-"
        shown.add_row(one.name, address, describe(one), str(one.pid or "-"), since, one.log)
    return shown


def describe(one: State) -> str:
    """A service's state in a word or two."""
    if not one.running:
        return "[dim]stopped[/]"
    return "[green]healthy[/]" if one.healthy else "[red]not answering[/]"
