"""`sluicegate up`: start the local Kafka and schema registry."""

from typing import Annotated

import typer
from rich.console import Console

from streams.cli.stack_display import progress, table
from streams.settings import Settings, load, override
from streams.stack import lifecycle
from streams.stack.layout import Layout

examples = (
    "sluicegate up",
    "sluicegate up --secure",
)


def command(
    secure: Annotated[
        bool, typer.Option("--secure", help="With TLS, passwords and ACLs, and a settings file for each role.")
    ] = False,
) -> None:
    """Start the local Kafka and schema registry, and wait until both are ready.

    Safe to call twice. Data stays in .sluicegate/ until `make clean`.
    """
    settings = load()
    if secure:
        settings = override(settings, {"stack": settings.stack.model_copy(update={"secure": True})})
    console = Console(stderr=True)
    with progress(console) as report:
        states = lifecycle.up(settings, report)
    Console().print(table(states))
    if settings.stack.secure:
        show_roles(settings, console)


def show_roles(settings: Settings, console: Console) -> None:
    """Where the roles' settings are, and how they are used."""
    files = sorted(Layout.of(settings.stack).secrets.glob("*.toml"))
    console.print("\nsettings of each role, chosen with SLUICEGATE_SETTINGS=...:", highlight=False)
    for path in files:
        console.print(f"  {path}", highlight=False, soft_wrap=True)
    console.print("the administrator makes topics, schemas and ACLs: `sluicegate init`", highlight=False)
