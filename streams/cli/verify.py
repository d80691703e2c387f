"""`sluicegate verify`: whether each request has exactly one outcome, from the topics alone."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streams.cli.errors import FAILED
from streams.cli.lanes import named
from streams.cli.progress import meter
from streams.mistake import UserMistake
from streams.settings import Settings, load
from streams.verification.budget import Budget
from streams.verification.gather import verify
from streams.verification.target import Road, Target, lane_target
from streams.verification.verdict import Kind, Unjudged, Verdict

examples = (
    "sluicegate verify digits",
    "sluicegate verify digits --json --at-least 1000000",
    "sluicegate verify --requests orders --results answers --dead-letters letters --group my-lane",
)
MEMORY_MIB = 256


def command(
    lane: Annotated[str | None, typer.Argument(help="The lane whose topics are read, for example digits.")] = None,
    requests: Annotated[list[str] | None, typer.Option(metavar="TOPIC", help="Instead: these request topics.")] = None,
    results: Annotated[str | None, typer.Option(metavar="TOPIC", help="With them: their result topic.")] = None,
    dead_letters: Annotated[str | None, typer.Option(metavar="TOPIC", help="With them: their dead letters.")] = None,
    group: Annotated[
        str | None, typer.Option(help="With them: the group whose commits say what must be answered; none: all.")
    ] = None,
    at_least: Annotated[int, typer.Option(min=0, help="Fail if fewer requests could be judged.")] = 0,
    memory: Annotated[int, typer.Option(min=16, help="MiB to keep in memory; the rest goes to a file.")] = MEMORY_MIB,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Prove from the topics alone that every request that its lane has settled has exactly one outcome.

    A result, a reply or a dead letter is one. Answers must be in the order of their requests, none may be without one,
    and repeats must follow their table. Workers may go on meanwhile. Ends with 1 when the promise is broken.
    """
    settings = load()
    target = chosen(settings, lane, requests, results, dead_letters, group)
    shown_for = ""
    with meter("reading") as shown:

        def watch(what: str, passed: int, total: int) -> None:
            nonlocal shown_for
            if what != shown_for:
                shown_for = what
                shown.label(f"reading {what}")
            shown.reach(passed, total)

        verdict = verify(settings, target, Budget.of(memory), watch)
    enough = verdict.judged >= at_least
    if as_json:
        typer.echo(json.dumps({**verdict.report(), "enough": enough}, indent=2))
    else:
        tell(target, verdict)
        if not enough:
            typer.echo(f"only {verdict.judged:,} requests could be judged, {at_least:,} were asked for", err=True)
    if not (verdict.holds and enough):
        raise SystemExit(FAILED)


def chosen(
    settings: Settings,
    lane: str | None,
    requests: list[str] | None,
    results: str | None,
    dead_letters: str | None,
    group: str | None,
) -> Target:
    """What the arguments mean. Raises UserMistake when they mean nothing, or two things."""
    if lane is not None:
        if requests or results or dead_letters or group:
            raise UserMistake(f"lane {lane} has topics already: leave it out to name others with --requests, --results")
        from streams.lanes import find

        (name,) = named([lane])
        return lane_target(settings, find(name))
    if not requests or not results:
        raise UserMistake("say what to verify: a lane (`sluicegate verify digits`), or --requests and --results")
    return Target(tuple(Road(topic, results, dead_letters) for topic in requests), group)


def tell(target: Target, verdict: Verdict) -> None:
    """For people."""
    console = Console(soft_wrap=True, highlight=False)
    asked, answered = (
        dict.fromkeys(topics) for topics in zip(*((o.requests, o.results) for o in target.roads), strict=True)
    )
    console.print(f"{', '.join(asked)} -> {', '.join(answered)}: {counted(verdict)}")
    table = Table("check", "found", "for example", box=None, pad_edge=False, header_style="dim")
    for kind in Kind:
        table.add_row(*row(kind, verdict))
    console.print(table)
    for why in Unjudged:
        if verdict.unjudged.get(why):
            console.print(f"[yellow]not judged: {verdict.unjudged[why]:,} {why.value}[/]")
    if not verdict.judged:
        console.print("[yellow]no request could be judged[/]")
    console.print("[green]the promise holds[/]" if verdict.holds else "[red]THE PROMISE IS BROKEN[/]")


def counted(verdict: Verdict) -> str:
    """What was read."""
    parts = [f"{verdict.requests:,} requests", f"{verdict.results:,} results"]
    others = {"replies": verdict.replies, "dead letters": verdict.dead_letters, "repeats": verdict.repeats}
    return ", ".join([*parts, *(f"{count:,} {name}" for name, count in others.items() if count)])


def row(kind: Kind, verdict: Verdict) -> tuple[str, str, str]:
    """One check's line."""
    count, shown = verdict.wrong.get(kind, 0), verdict.examples.get(kind, ())
    if not count:
        return kind.value, "[green]none[/]", ""
    style, note = ("yellow", " (allowed)") if kind in verdict.allowed else ("red", "")
    return kind.value, f"[{style}]{count:,}[/]{note}", "; ".join(map(escape, shown[:2]))
