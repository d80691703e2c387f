"""`sluicegate down`: stop the local Kafka and schema registry."""

from rich.console import Console

from streams.cli.stack_display import progress
from streams.settings import load
from streams.stack import lifecycle


def command() -> None:
    """Stop the local Kafka and schema registry; their data stays."""
    console = Console(stderr=True)
    with progress(console) as report:
        stopped = lifecycle.down(load(), report)
    if not stopped:
        console.print("nothing was running")
