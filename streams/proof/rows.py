"""The figures: rows with a goal, shown as they come, kept as JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `goal` is what it must be (">= 0.6"), empty when it is only reported; `note` says how it came."""

    name: str
    value: float
    unit: str
    goal: str = ""
    holds: bool = True
    note: str = ""


def at_least(name: str, value: float, unit: str, goal: float, note: str = "") -> Row:
    """A figure that may not be lower."""
    return Row(name, rounded(value), unit, f">= {goal:g}", value >= goal, note)


def at_most(name: str, value: float, unit: str, goal: float, note: str = "") -> Row:
    """A figure that may not be higher."""
    return Row(name, rounded(value), unit, f"<= {goal:g}", value <= goal, note)


def reported(name: str, value: float, unit: str, note: str = "") -> Row:
    """A figure without a goal."""
    return Row(name, rounded(value), unit, note=note)


def rounded(value: float) -> float:
    """Four digits are more than a benchmark knows."""
    return float(f"{value:.4g}")


def show(row: Row) -> None:
    """Prints a row."""
    mark = "[dim]·[/]" if not row.goal else "[green]✓[/]" if row.holds else "[red]✗[/]"
    value = f"{row.value:,.0f}" if abs(row.value) >= 1_000 else f"{row.value:g}"
    goal = f"  goal {row.goal}" if row.goal else ""
    note = f"  [dim]{row.note}[/]" if row.note else ""
    console.print(f"{mark} {row.name:<58} [bold]{value:>9}[/] {row.unit}{goal}{note}")


def say(text: str) -> None:
    """Prints a line of progress."""
    console.print(f"[dim]  {text}[/]")


class Figures:
    """The rows of one file; a run of some measures replaces theirs and leaves the others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: list[Row] = []

    def take(self, rows: list[Row]) -> None:
        """Keeps and shows rows."""
        for row in rows:
            self.rows.append(row)
            show(row)

    def write(self) -> None:
        """Writes the file."""
        kept = [row for row in self._earlier() if row["name"] not in {one.name for one in self.rows}]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = kept + [asdict(row) for row in self.rows]
        self._path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")

    def _earlier(self) -> list[dict[str, Any]]:
        if not self._path.is_file():
            return []
        earlier: list[dict[str, Any]] = json.loads(self._path.read_text())
        return earlier

    @property
    def hold(self) -> bool:
        """Whether every row holds."""
        return all(row.holds for row in self.rows)
