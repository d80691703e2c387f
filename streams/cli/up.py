"""`sluicegate up`: start the local Kafka and schema registry."""

from rich.console import Console

from streams.cli.stack_display import progress, table
from streams.settings import load
from streams.stack import lifecycle


def command() -> None:
    """Start the local Kafka and schema registry, and wait until both are ready.

    Safe to call twice. Data stays in .sluicegate/ until `make clean`.
    """
    settings = load()
    console = Console(stderr=True)
    with progress(console) as report:
        states = lifecycle.up(settings, report)
    Console().print(table(states))
