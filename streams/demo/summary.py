"""What the demo found: a table for people, one JSON object for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from streams.demo.figures import LaneFigures
from streams.demo.model import Accuracy, Neighbour
from streams.demo.proof import Verdict

YES, NO = "[green]✓[/]", "[red]✗[/]"
MOST_NAMED = 3
NEXT = (
    ("sluicegate up", "start Kafka and the registry, to stay"),
    ("sluicegate supervise --workers 2", "two workers, in a terminal of their own"),
    ('sluicegate send embed text="Any sentence."', "a request"),
    ("sluicegate tail sluicegate.embed.results", "the newest results"),
    ("sluicegate find REQUEST_ID", "where a request is, and what answered it"),
    ("README.md", "a tour of five minutes, and how to add a model of your own"),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run; `gaps` are in seconds, `unseen` counts results of aborted transactions."""

    run: str
    seconds: float
    traffic_seconds: float
    verdict: Verdict
    accuracy: Accuracy
    neighbours: Mapping[str, list[Neighbour]]
    gaps: Mapping[str, float | None]
    unseen: int
    figures: Mapping[str, LaneFigures]
    restarts: int

    @property
    def holds(self) -> bool:
        """Whether everything that was to be proven is."""
        return self.verdict.holds and self.accuracy.holds

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        verdict, accuracy = self.verdict, self.accuracy
        return {
            "run": self.run,
            "holds": self.holds,
            "seconds": round(self.seconds, 1),
            "traffic_seconds": round(self.traffic_seconds, 1),
            "requests": verdict.requests,
            "results": verdict.answers,
            "missing": len(verdict.missing),
            "twice": len(verdict.twice),
            "strange": len(verdict.strange),
            "failed": len(verdict.failed),
            "results_of_aborted_transactions": self.unseen,
            "worker_restarts": self.restarts,
            "longest_silence_after_kill_seconds": dict(self.gaps),
            "digits": {
                "images": accuracy.total,
                "right_through_kafka": accuracy.through_kafka,
                "right_directly": accuracy.directly,
                "labels_that_differ": accuracy.differing,
            },
            "mean_batch": {lane: figures.mean_batch for lane, figures in self.figures.items()},
            "neighbours": {
                question: [{"text": one.text, "cosine": round(one.cosine, 4)} for one in found]
                for question, found in self.neighbours.items()
            },
        }


def show(summary: Summary, console: Console) -> None:
    """The proof, the neighbours, and what to try next."""
    console.print(proof_table(summary))
    console.print()
    console.print(neighbour_table(summary))
    console.print()
    console.print(next_table())


def proof_table(summary: Summary) -> Table:
    """One row for each thing that was to be proven, then what was measured on the way."""
    verdict, accuracy = summary.verdict, summary.accuracy
    table = Table(title="The proof", title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_row(
        YES if verdict.holds else NO,
        "each request has exactly one result",
        f"{verdict.requests:,} requests, {verdict.answers:,} results, {len(verdict.missing)} missing, "
        f"{len(verdict.twice)} twice, {len(verdict.strange)} strange, {len(verdict.failed)} failed",
    )
    for words, culprits in wrong(verdict):
        named = ", ".join(culprits[:MOST_NAMED]) + (" ..." if len(culprits) > MOST_NAMED else "")
        table.add_row("", f"[red]{words}[/]", named)
    table.add_row(
        YES if accuracy.holds else NO,
        "the model through Kafka is the model called directly",
        f"accuracy {accuracy.through_kafka / accuracy.total:.4f} and {accuracy.directly / accuracy.total:.4f} "
        f"on {accuracy.total} unseen digits, {accuracy.differing} labels differ",
    )
    table.add_row("", "results of aborted transactions, in the log, seen by nobody", f"{summary.unseen:,}")
    for lane, gap in summary.gaps.items():
        text = "nothing was under way" if gap is None else f"{gap:.2f} s"
        table.add_row("", f"{lane}: after kill -9, longest silence of the dead worker's partitions", text)
    table.add_row("", "from the first request to the last result", f"{summary.traffic_seconds:.1f} s")
    table.add_row("", "the whole demo", f"{summary.seconds:.1f} s")
    return table


def wrong(verdict: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    """What does not hold, with who does not."""
    found = [
        ("no result", verdict.missing),
        ("more than one result", verdict.twice),
        ("a result of no request", verdict.strange),
        ("not COMPLETED", verdict.failed),
    ]
    return [(words, culprits) for words, culprits in found if culprits]


def neighbour_table(summary: Summary) -> Table:
    """For each question the sentences that the model finds nearest."""
    title = "Nearest sentences, by the embeddings that came through Kafka"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    table.add_column("question")
    table.add_column("cosine", justify="right")
    table.add_column("sentence of the standard library's documentation")
    for question, found in summary.neighbours.items():
        for place, one in enumerate(found):
            table.add_row(question if place == 0 else "", f"{one.cosine:.3f}", one.text)
    return table


def next_table() -> Table:
    """What to try next."""
    table = Table(title="What to try next", title_justify="left", box=None, pad_edge=False, show_header=False)
    for command, words in NEXT:
        table.add_row(f"[bold]{command}[/]", words)
    return table
