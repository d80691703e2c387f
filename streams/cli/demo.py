"""`sluicegate demo`: the whole system at work on real input, a worker killed in the middle, and the proof."""

import json
import sys
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from streams.cli.errors import FAILED

LOG_WIDTH = 140


def command(
    sentences: Annotated[
        int, typer.Option(min=200, max=8_000, help="How many sentences to embed, besides 899 digits.")
    ] = 3_000,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON object, for programs.")
    ] = False,
) -> None:
    """Start the local stack and two workers, send real work, kill one worker, and prove that nothing was lost.

    Ends with 1 when the proof fails. What it starts it stops; a stack that runs already is used and left running.
    """
    from streams.demo.screen import Screen
    from streams.demo.show import run
    from streams.demo.summary import show
    from streams.observability.logging import configure
    from streams.settings import LogSettings, load

    # The supervisor tells of each death at info: the picture shows that.
    configure(LogSettings(level="error"))
    screen = Screen(console_for(as_json))
    summary = run(load(), screen, sentences)
    summary = replace(summary, seconds=screen.seconds)
    if as_json:
        typer.echo(json.dumps(summary.as_json(), indent=2))
    else:
        screen.console.print()
        show(summary, screen.console)
    if not summary.holds:
        raise SystemExit(FAILED)


def console_for(as_json: bool) -> Console:
    """The terminal as it is; a log, which has no width of its own, gets a wide one. JSON has standard output."""
    terminal = (sys.stderr if as_json else sys.stdout).isatty()
    return Console(stderr=as_json, width=None if terminal else LOG_WIDTH)
