"""`sluicegate status`: what of the local stack runs, and where."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from streams.cli.stack_display import table
from streams.settings import load
from streams.stack import lifecycle


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array, for programs.")] = False,
) -> None:
    """Show the local Kafka and registry; ends with 0 when both are healthy, with 1 otherwise."""
    states = lifecycle.status(load())
    if as_json:
        typer.echo(json.dumps([asdict(state) for state in states]))
    else:
        Console().print(table(states))
    raise typer.Exit(0 if all(state.healthy for state in states) else 1)
