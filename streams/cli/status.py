"""`sluicegate status`: what of the local stack runs, and where; and the workers of this machine."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from streams.cli import stack_display, worker_display
from streams.presence import present
from streams.settings import load
from streams.stack import lifecycle


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")] = False,
) -> None:
    """Show the local Kafka and registry, and this machine's workers.

    Ends with 0 when Kafka and registry are healthy, with 1 otherwise; workers change nothing about that.
    """
    settings = load()
    services, workers = lifecycle.status(settings), worker_display.look(present(settings))
    if as_json:
        rows = {"services": [asdict(one) for one in services], "workers": [one.as_row() for one in workers]}
        typer.echo(json.dumps(rows))
    else:
        console = Console()
        console.print(stack_display.table(services))
        console.print()
        console.print(worker_display.table(workers) if workers else "no worker runs on this machine")
    raise typer.Exit(0 if all(one.healthy for one in services) else 1)
