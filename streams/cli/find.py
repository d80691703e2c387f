"""`sluicegate find`: where a request is, what answered it, and what is ahead of it."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.errors import FAILED
from streams.cli.progress import meter
from streams.client.durations import iso, moment, spoken
from streams.client.finding import Finder, Found
from streams.client.search import Trace
from streams.client.show import dumps
from streams.mistake import UserMistake
from streams.settings import load

examples = (
    "sluicegate find first",
    "sluicegate find order-17 --processor embed --key customer-3 --since 7d",
)


def command(
    request_id: Annotated[str, typer.Argument(help="The request's id.")],
    processor: Annotated[str | None, typer.Option(help="Only this processor's topics.")] = None,
    key: Annotated[
        str | None, typer.Option(help="The request's key, if it is not its id; saves a longer search.")
    ] = None,
    since: Annotated[str, typer.Option(help="How far to look back: 30m, 24h, 7d, or a date.")] = "24h",
    everywhere: Annotated[
        bool, typer.Option("--all", help="Look for repeats on other partitions also when it is found.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say where a request is: its place, its answer or dead letter, and how many records are before it.

    Ends with 1 if it is nowhere.
    """
    now = round(time.time() * 1_000)
    try:
        start = moment(since, now)
    except ValueError as error:
        raise UserMistake(f"--since: {error}") from None
    with meter("searching") as shown:
        finder = Finder(load(), request_id, start, lambda one: shown.reach(one.passed, one.total))
        found = finder.find(processor, (key or request_id).encode(), everywhere)
    if as_json:
        typer.echo(dumps(report(found)))
    else:
        show(found, now)
    if not found.anything:
        if not as_json:
            typer.echo(f"{request_id!r} is nowhere in the last {since}; --since looks further back", err=True)
        raise SystemExit(FAILED)


def report(found: Found) -> dict[str, Any]:
    """What was found, for programs."""
    return {
        "request_id": found.request_id,
        "requests": [trace.report() for trace in found.traces],
        "other_answers": [answer.report() for answer in found.strays],
        "other_dead_letters": [letter.place for letter in found.stray_letters],
        "records_searched": found.searched,
    }


def show(found: Found, now: int) -> None:
    """What was found, for people."""
    if not found.anything:
        return
    table = Table("what", "where", "when", "says", box=None, pad_edge=False, header_style="dim")
    for trace in found.traces:
        _show_trace(table, trace, now)
    for answer in found.strays:
        table.add_row("answer", answer.record.place, _when(answer.record.timestamp, now), _says(answer))
    for letter in found.stray_letters:
        table.add_row("dead letter", letter.place, _when(letter.timestamp, now), "")
    Console().print(table)


def _show_trace(table: Table, trace: Trace, now: int) -> None:
    record = trace.record
    table.add_row("request", record.place, _when(record.timestamp, now), f"[bold]{trace.state}[/]")
    if trace.reply_to is not None:
        gone = ", a topic that is gone" if trace.reply_topic_gone else ""
        table.add_row("", "", "", f"asked for its answer on {trace.reply_to}{gone}")
    for answer in trace.answers:
        table.add_row("answer", answer.record.place, _when(answer.record.timestamp, now), _says(answer))
    for letter in trace.dead_letters:
        where = f"{letter.partition}:{letter.offset}"
        table.add_row(
            "dead letter",
            letter.place,
            _when(letter.timestamp, now),
            f"sluicegate dead-letters show {where}",
        )
    table.add_row("lane", trace.group, "", progress_of(trace))


def progress_of(trace: Trace) -> str:
    """How far the lane is, seen from the request."""
    if trace.committed is None:
        return "has settled nothing on this partition; is a worker running?"
    if trace.settled:
        return f"has settled it (committed {trace.committed:,})"
    return f"{trace.ahead:,} offsets before it (committed {trace.committed:,})"


def _says(answer: Any) -> str:
    text = answer.status if answer.code is None else f"{answer.status} {answer.code}"
    return f"{text}, replayed" if answer.replayed else text


def _when(timestamp: int, now: int) -> str:
    return f"{iso(timestamp)} ({spoken(max(0, now - timestamp))} ago)" if timestamp >= 0 else ""
