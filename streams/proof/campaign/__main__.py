"""`make crash`: kill, pause, cut and fill everything, again and again, and hold every answer against its request.

Each round has a seed of its own, drawn from the campaign's, which is printed. A round that is over is not run again: a
campaign that was cut short goes on where it was, and one that came through is forgotten. Exits with 1 when it broke a
promise.
"""

import json
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from streams.observability.logging import configure
from streams.proof.campaign.campaign import run
from streams.proof.campaign.catalogue import TRIALS
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.journal import Journal
from streams.proof.campaign.page import SECTION, table
from streams.proof.campaign.trial import Form, Trial
from streams.proof.marked import written
from streams.proof.rows import Figures, console
from streams.settings import load, override

RESULTS, PAGE = Path("bench/results/crash.json"), Path("docs/reliability.md")


def main(
    short: Annotated[bool, typer.Option("--short", help="A short form of each, a quarter of an hour in all.")] = False,
    only: Annotated[str, typer.Option(help="Some trials, such as R1,R6.")] = "",
    seed: Annotated[int | None, typer.Option(help="Repeats a campaign; by default the unfinished one's.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, whatever is over already.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Run the rounds again that were broken.")] = False,
    results: Annotated[Path | None, typer.Option(help=f"Where the figures go; the full form's to {RESULTS}.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Say what there is, and run nothing.")] = False,
    report: Annotated[bool, typer.Option("--report", help=f"Write the figures into {PAGE}, and run nothing.")] = False,
) -> None:
    """Try the promise under every fault there is; exit code 1 when it does not hold."""
    form: Form = "short" if short else "full"
    trials = chosen(only)
    if listing:
        for trial in trials:
            console.print(f"{trial.code:<4} {trial.name:<28} {trial.scales[form].rounds:>3} rounds  {trial.needs_root}")
        raise typer.Exit
    if report:
        tell(PAGE, results or RESULTS)
        raise typer.Exit
    settings = load()
    configure(override(settings, {"log": settings.log.model_copy(update={"level": "error"})}).log)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = settings.stack.directory / "campaign" / form
    figures = Figures(results or (folder / "crash.json" if short else RESULTS))
    journal = Journal(folder / "rounds")
    if fresh or again:
        journal.forget(broken=again)
    number = journal.seed(seed)
    console.print(f"campaign {form}, seed {number}")
    with TemporaryDirectory(prefix="sluicegate-proof-") as place, Ground(Path(place), settings) as ground:
        holds = run(trials, form, number, ground, journal, figures)
    if holds and not only:
        journal.forget()
    raise typer.Exit(0 if holds else 1)


def tell(page: Path, results: Path) -> None:
    """Writes the figures of a file, if it is there, into the page. Raises ValueError when the page has no place."""
    figures = json.loads(results.read_text()) if results.is_file() else []
    page.write_text(written(page.read_text(), SECTION, table(TRIALS, figures)))


def chosen(only: str) -> list[Trial]:
    """The trials of these codes, all if there are none. Raises BadParameter for a code that no trial has."""
    codes = [code.strip().upper() for code in only.split(",") if code.strip()]
    unknown = sorted(set(codes) - {trial.code for trial in TRIALS})
    if unknown:
        raise typer.BadParameter(
            f"no trial is called {', '.join(unknown)}; there are {', '.join(one.code for one in TRIALS)}"
        )
    return [trial for trial in TRIALS if not codes or trial.code in codes]


if __name__ == "__main__":
    typer.run(main)
