"""The live picture: how far each lane is, how its batches come out, what the workers do, the answers over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streams.demo.figures import LaneFigures
from streams.demo.tally import TICKS, Tally
from streams.demo.workers import Look

BLOCKS = " ▁▂▃▄▅▆▇█"
WIDEST = 60


@dataclass(slots=True)
class Scene:
    """What the picture shows; `events` are (seconds since the beginning, words)."""

    tally: Tally
    figures: Mapping[str, LaneFigures] = field(default_factory=dict)
    looks: Mapping[int, Look] = field(default_factory=dict)
    events: list[tuple[float, str]] = field(default_factory=list)
    killed_at: float | None = None


def draw(scene: Scene, now: float) -> Group:
    """The picture at `now` (monotonic seconds)."""
    return Group(lane_table(scene, now), "", worker_table(scene), "", timelines(scene, now), "")


def lane_table(scene: Scene, now: float) -> Table:
    """One row for each lane."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("lane")
    table.add_column("answered", min_width=24)
    for name in ("", "a second", "batches", "mean", "transactions", "mean"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("sizes of batches", no_wrap=True)
    for name, total in scene.tally.totals.items():
        figures = scene.figures.get(name, LaneFigures())
        answered = scene.tally.answered(name)
        table.add_row(
            name,
            ProgressBar(total=total, completed=answered, width=24),
            f"{answered:,} of {total:,}",
            f"{scene.tally.rate(name, now):,.0f}",
            f"{figures.batches:,.0f}",
            mean(figures.mean_batch),
            f"{figures.transactions:,.0f}",
            mean(figures.mean_transaction),
            sizes(figures),
        )
    return table


def worker_table(scene: Scene) -> Table:
    """One row for each worker."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("worker", "process", "state"):
        table.add_column(name, no_wrap=True)
    for slot, look in scene.looks.items():
        state = "[green]ready[/]" if look.ready else "[yellow]starting[/]" if look.pid else "[red]dead[/]"
        table.add_row(str(slot), str(look.pid or "-"), state)
    return table


def timelines(scene: Scene, now: float) -> Group:
    """Answers in each quarter of a second, the newest at the right, with the kill marked below."""
    rows = [Text(f"answers in each {1000 // TICKS} ms", style="dim")]
    ticks = 0
    for name in scene.tally.totals:
        counts = scene.tally.timeline(name, now)
        ticks = len(counts)
        rows.append(Text(f"{name:8}{spark(counts[-WIDEST:])} at most {max(counts, default=0):,}"))
    if scene.killed_at is not None:
        column = int((scene.killed_at - scene.tally.begin) * TICKS) - max(0, ticks - WIDEST)
        if column >= 0:
            rows.append(Text(" " * (8 + column) + "^ kill -9", style="red"))
    return Group(*rows)


def spark(counts: Sequence[float]) -> str:
    """Counts as a row of bars; anything above nothing is seen."""
    most = max(counts, default=0)
    if most == 0:
        return " " * len(counts)
    return "".join(BLOCKS[0 if count == 0 else max(1, round(count / most * (len(BLOCKS) - 1)))] for count in counts)


def sizes(figures: LaneFigures) -> str:
    """How many batches were small, how many large: `1 ▂▁▁█ 64`, by the bounds of the metric's buckets."""
    used = [bound for bound in sorted(figures.sizes) if figures.sizes[bound] > 0]
    if not used:
        return ""
    shown = [bound for bound in sorted(figures.sizes) if used[0] <= bound <= used[-1]]
    return f"{used[0]:.0f} {spark([figures.sizes[bound] for bound in shown])} {used[-1]:.0f}"


def mean(value: float | None) -> str:
    """An average, if there is one."""
    return "" if value is None else f"{value:,.1f}"


def line(scene: Scene, now: float) -> str:
    """The same in one line, for logs."""
    parts = [
        f"{name} {scene.tally.answered(name):,} of {total:,} ({scene.tally.rate(name, now):,.0f}/s)"
        for name, total in scene.tally.totals.items()
    ]
    return ", ".join(parts)
