"""How the workers of this machine look, to a person and to programs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from rich.markup import escape
from rich.table import Table

from streams.presence import Presence

SILENT = {"live": False, "ready": False, "reasons": ["its web page does not answer"]}


class Seen(NamedTuple):
    """A worker, and what its `/health` says now."""

    worker: Presence
    health: dict[str, Any]

    def as_row(self) -> dict[str, Any]:
        """For programs."""
        worker = self.worker
        place = {"slot": worker.slot, "pid": worker.pid, "lanes": list(worker.lanes)}
        return {**place, "web": worker.web, "web_port": worker.web_port, **self.health}


def look(workers: Sequence[Presence]) -> list[Seen]:
    """Asks all of them at once. Blocks up to two seconds."""
    if not workers:
        return []
    with ThreadPoolExecutor(len(workers)) as askers:
        answers = list(askers.map(Presence.health, workers))
    return [Seen(worker, SILENT if answer is None else answer) for worker, answer in zip(workers, answers, strict=True)]


def table(seen: Sequence[Seen]) -> Table:
    """One row for each worker."""
    shown = Table(box=None, header_style="bold")
    for name in ("worker", "lanes", "state", "pid", "web"):
        shown.add_column(name, no_wrap=name != "state", overflow="fold")
    for one in seen:
        worker = one.worker
        shown.add_row(f"slot {worker.slot}", ", ".join(worker.lanes), describe(one.health), str(worker.pid), worker.web)
    return shown


def describe(health: dict[str, Any]) -> str:
    """A worker's state in a word or two, and why it is not better."""
    reasons = escape("; ".join(health.get("reasons", [])))
    because = f": {reasons}" if reasons else ""
    if not health["live"]:
        return f"[red]not live[/]{because}"
    return f"[green]ready[/]{because}" if health["ready"] else f"[yellow]not ready[/]{because}"
