"""`make mutants`: each guard that a document names is removed in a copy of the tree, and its test must turn red.

Ends with 1 if one survives, or could not be tried. What was caught is kept in build/mutants.json until the guard, its
file or its test's changes.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.mutants.campaign import Baseline, Campaign
from tests.mutants.guard import Guard, WrongGuard, load
from tests.mutants.page import PAGE, written
from tests.mutants.progress import Progress, Tried
from tests.mutants.scratch import ROOT, Scratch

KEPT = ROOT / "build" / "mutants.json"


def main(
    only: Annotated[list[str] | None, typer.Option(help="Guards whose names hold this text.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Only list the guards.")] = False,
    fresh: Annotated[bool, typer.Option(help="Try those again that were caught before.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Only write the list into the document.")] = False,
    without_stack: Annotated[bool, typer.Option(help="Leave out those whose tests need a Kafka.")] = False,
) -> None:
    """Remove each guard in turn; the exit code is 1 if a test does not notice."""
    try:
        guards = _chosen(load(), only or [], without_stack=without_stack)
        if show:
            for guard in guards:
                typer.echo(f"{guard.name:45} {guard.file:38} {guard.test}")
            return
        if not only and not without_stack:
            page = ROOT / PAGE
            page.write_text(written(page.read_text(), guards))
        if report:
            return
        tried = _try(guards, fresh=fresh)
    except (WrongGuard, Baseline) as error:
        typer.echo(f"mutants: {error}", err=True)
        raise typer.Exit(1) from error
    survivors = [one for one in tried if one.test is None]
    typer.echo(f"{len(tried)} guards removed, {len(tried) - len(survivors)} noticed, {len(survivors)} not")
    raise typer.Exit(1 if survivors else 0)


def _chosen(guards: list[Guard], only: list[str], *, without_stack: bool) -> list[Guard]:
    found = [guard for guard in guards if not only or any(text.lower() in guard.name.lower() for text in only)]
    if not found:
        raise WrongGuard(f"no guard's name holds {' or '.join(only)}; --list shows them")
    return [guard for guard in found if not (without_stack and guard.stack)]


def _try(guards: list[Guard], *, fresh: bool) -> list[Tried]:
    with TemporaryDirectory(prefix="sluicegate-mutants-") as folder:
        scratch = Scratch(Path(folder).resolve() / "tree")
        scratch.check()
        progress = Progress(KEPT, {guard.name: scratch.fingerprint(guard) for guard in guards})
        if fresh:
            progress.tried.clear()
        done = [progress.tried[guard.name] for guard in guards if guard.name in progress.tried]
        for one in done:
            _say(one, "before")
        with Campaign(scratch, lambda text: typer.echo(text, err=True)) as campaign:
            for one in campaign.try_all([guard for guard in guards if guard.name not in progress.tried]):
                progress.add(one)
                _say(one, f"{one.seconds:.1f} s")
                done.append(one)
    return done


def _say(tried: Tried, when: str) -> None:
    note = f" ({tried.note})" if tried.note else ""
    typer.echo(f"{tried.name:45} {when:>8}  {tried.test or 'NOT NOTICED'}{note}")


if __name__ == "__main__":
    typer.run(main)
