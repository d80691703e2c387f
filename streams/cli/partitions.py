"""`sluicegate partitions list | resume`: the partitions that a dead letter limit stopped."""

import json
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.binding import Binding, bind
from streams.cli.errors import UserMistake
from streams.cli.lanes import named
from streams.client.durations import iso, spoken
from streams.settings import load
from streams.stop_reader import read_stops
from streams.stop_writer import write
from streams.stops import Stop, StopKey

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """Show which partitions are stopped, since when and why."""
    settings = load()
    stops = sorted(read_stops(settings, settings.control).items())
    if as_json:
        typer.echo(json.dumps([as_row(key, stop) for key, stop in stops], indent=2))
    elif stops:
        Console(soft_wrap=True).print(stop_table(stops))
    else:
        typer.echo("no partition is stopped")


@app.command("resume")
def resume_command(
    lane: Annotated[str, typer.Argument(help="The lane, for example digits.")],
    partition: Annotated[str, typer.Argument(help="The partition's number, or `all`.")],
    topic: Annotated[str | None, typer.Option(help="Which request topic, for a lane that reads several.")] = None,
) -> None:
    """Let a stopped partition go on, after its last dead letter. Workers notice within a second or two."""
    (name,) = named([lane])
    settings = load()
    binding = bind(settings, name)
    stops = read_stops(settings, binding.control)
    for key in chosen(binding, list(stops), partition, topic):
        write(settings, binding.control, key, None)
        typer.echo(f"resumed {key.topic} [{key.partition}] of group {key.group}; it was stopped at {stops[key].offset}")


def chosen(binding: Binding, stopped: list[StopKey], partition: str, topic: str | None) -> list[StopKey]:
    """The stops that are meant. UserMistake when there is none, or when a topic must be named."""
    if topic is not None and topic not in binding.requests:
        raise UserMistake(f"--topic {topic}: lane {binding.name} reads {', '.join(binding.requests)}")
    if partition != "all" and not partition.isdecimal():
        raise UserMistake(f"partition {partition!r}: write its number, or `all`")
    ours = sorted(key for key in stopped if key.group == binding.group and topic in (None, key.topic))
    meant = [key for key in ours if partition == "all" or key.partition == int(partition)]
    if not meant:
        there = ", ".join(f"{key.topic} [{key.partition}]" for key in ours) or "none"
        raise UserMistake(f"lane {binding.name} has no stopped partition {partition}; stopped are: {there}")
    if partition != "all" and len(meant) > 1:
        topics = ", ".join(key.topic for key in meant)
        raise UserMistake(f"partition {partition} is stopped on several topics, {topics}: name one with --topic")
    return meant


def as_row(key: StopKey, stop: Stop) -> dict[str, str | int]:
    """One stop for programs."""
    return {
        "group": key.group,
        "topic": key.topic,
        "partition": key.partition,
        "reason": stop.reason,
        "offset": stop.offset,
        "at": stop.at,
    }


def stop_table(stops: list[tuple[StopKey, Stop]]) -> Table:
    """One line for each stop."""
    table = Table("topic", "partition", "group", "stopped", "why", box=None, pad_edge=False, header_style="dim")
    now = round(time.time() * 1_000)
    for key, stop in stops:
        since = f"{iso(stop.at)} ({spoken(max(0, now - stop.at))} ago)"
        table.add_row(key.topic, str(key.partition), key.group, since, f"{stop.reason} (at offset {stop.offset})")
    return table
