"""`sluicegate dead-letters`: list, show and replay records that could not be read."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.client import letterbox
from streams.client.durations import iso, moment
from streams.client.letterbox import Replay
from streams.client.letters import Letter, NothingToReplay, Selection, WrongSelector, hexdump, place
from streams.client.show import dumps, headers_of, key_text, opaque, text_or_base64
from streams.mistake import UserMistake
from streams.settings import load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Topic = Annotated[str | None, typer.Option(help="Only letters that came from this topic.")]
Reason = Annotated[str | None, typer.Option(help="Only letters whose reason has this text.")]
Since = Annotated[str | None, typer.Option(help="Only letters since then: 30m, 24h, 7d, or a date.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def list_letters(
    most: Annotated[int, typer.Option("--max", "-n", min=1, help="So many at most.")] = 20,
    topic: Topic = None,
    reason: Reason = None,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Show the newest dead letters: why, from where, when, how large."""
    selection = Selection(topic=topic, reason=reason)
    letters = letterbox.newest(load(), most, _start(since), selection)
    if as_json:
        for letter in letters:
            typer.echo(dumps(letter.report()))
        return
    if not letters:
        typer.echo("no dead letters" + (" that fit" if topic or reason or since else ""))
        return
    table = Table("letter", "time", "from", "bytes", "reason", box=None, pad_edge=False, header_style="dim")
    for letter in letters:
        table.add_row(*_row(letter))
    Console().print(table)


@app.command("show")
def show_letter(
    where: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` shows it.")],
    as_json: Json = False,
) -> None:
    """Show one dead letter whole: its headers and its original bytes."""
    try:
        partition, offset = place(where)
    except WrongSelector as error:
        raise UserMistake(str(error)) from None
    letter = letterbox.one(load(), partition, offset)
    if letter is None:
        raise UserMistake(f"there is no dead letter at {where}; `sluicegate dead-letters list` shows some")
    if as_json:
        typer.echo(dumps(_whole(letter)))
    else:
        _print_letter(letter)


@app.command("replay")
def replay_letters(
    where: Annotated[
        list[str] | None, typer.Argument(metavar="[PARTITION:OFFSET]...", help="These letters only.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were not replayed yet.")] = False,
    topic: Topic = None,
    reason: Reason = None,
    since: Since = None,
    to: Annotated[str | None, typer.Option(help="Another topic than the one that each came from.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
) -> None:
    """Send dead letters once more: original bytes, key and headers, all in one transaction.

    Each is noted, so that no letter is replayed twice by accident.
    """
    selection = Selection(_places(where or []), topic, reason, everything)
    if selection.empty and since is None:
        raise UserMistake("say which: partition:offset, --topic, --reason, --since or --all")
    work = letterbox.plan if dry_run else letterbox.perform
    try:
        replays = work(load(), selection, _start(since), to, again)
    except NothingToReplay as error:
        raise UserMistake(str(error)) from None
    for one in replays:
        typer.echo(_sentence(one, dry_run))


def _places(where: list[str]) -> frozenset[tuple[int, int]]:
    try:
        return frozenset(place(one) for one in where)
    except WrongSelector as error:
        raise UserMistake(str(error)) from None


def _start(since: str | None) -> int | None:
    try:
        return None if since is None else moment(since, round(time.time() * 1_000))
    except ValueError as error:
        raise UserMistake(f"--since: {error}") from None


def _row(letter: Letter) -> tuple[str, str, str, str, str]:
    record = letter.record
    mark = " (replayed)" if letter.replayed else " (cut)" if letter.omitted else ""
    size = f"{len(record.value or b''):,}"
    return f"{record.partition}:{record.offset}{mark}", iso(record.timestamp), letter.origin, size, letter.info.reason


def _whole(letter: Letter) -> dict[str, object]:
    value = letter.record.value
    return {
        **letter.report(),
        "key": key_text(letter.record.key),
        "headers": headers_of(letter.record.headers),
        "value": None if value is None else opaque(letter.info.reason, value)["base64"],
    }


def _print_letter(letter: Letter) -> None:
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("reason", letter.info.reason)
    table.add_row("from", letter.origin)
    table.add_row("time", iso(letter.record.timestamp))
    table.add_row("key", key_text(letter.record.key) or "(none)")
    table.add_row("replayed", "yes" if letter.replayed else "no")
    for name, value in letter.record.headers:
        table.add_row(name, "" if value is None else text_or_base64(value))
    console.print(table)
    value = letter.record.value
    console.print(f"\n{'no value (a tombstone)' if value is None else f'{len(value):,} bytes'}")
    for row in hexdump(value or b""):
        typer.echo(row)


def _sentence(one: Replay, dry_run: bool) -> str:
    output = one.output
    where = output.topic if output.partition < 0 else f"{output.topic}, partition {output.partition}"
    record = one.letter.record
    verb = "would send" if dry_run else "sent"
    return f"{verb} {record.partition}:{record.offset} to {where} ({len(record.value or b''):,} bytes)"
