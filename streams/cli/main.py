"""The entry point of `sluicegate`: one command line, each command imported only when it is asked for.

A command is a module of this package, named as the command with `_` for `-`. It offers either `command`, a
function with typer's annotations, or `app`, a typer.Typer with sub-commands; `examples` are lines that its help
shows. Its line in the table is all that `sluicegate --help` needs, so that help never imports faust or torch.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.markup import escape

from streams.cli.errors import told

COMMANDS = {
    "up": "Start the local Kafka and schema registry.",
    "down": "Stop the local Kafka and schema registry.",
    "status": "Show what of the local stack runs, and this machine's workers.",
    "kafka-tool": "Run one of Kafka's own command line tools.",
    "init": "Create the topics and register the schemas.",
    "schemas": "Check or apply the schemas of every topic.",
    "worker": "Run lanes: read requests, infer, publish results.",
    "supervise": "Keep several workers running; dead ones are back at once.",
    "send": "Send requests to a processor.",
    "tail": "Print a topic's records as JSON lines.",
    "find": "Say where a request is, and its result.",
    "verify": "Prove that each request has exactly one outcome.",
    "saga": "Start sagas, look at them, help those that can't go on.",
    "dead-letters": "List, show and replay records that could not be read.",
    "partitions": "Resume partitions that a dead letter limit stopped.",
    "demo": "Show the whole system at work, and prove its promise.",
}

FIRST_STEPS = (
    "sluicegate up",
    "sluicegate init",
    "sluicegate supervise    (in another terminal)",
    "sluicegate send echo payload=hello",
    "sluicegate tail sluicegate.echo.results",
)
SETTINGS_LINE = "Settings are read from sluicegate.toml and SLUICEGATE_... in the environment: docs/configuration.md."


def show_version(asked: bool) -> None:
    """Print the version and end, when asked."""
    if asked:
        typer.echo(f"sluicegate {version('sluicegate')}")
        raise typer.Exit


def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """AI inference on Kafka event streams, exactly once."""


def absent() -> None:
    """Stand in, in the help, for a command whose module is not imported."""


def attach(app: typer.Typer, name: str) -> None:
    """Import one command's module and put what it offers on the command line."""
    module = importlib.import_module("streams.cli." + name.replace("-", "_"))
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name, help=COMMANDS[name])
    else:
        options = getattr(module, "context_settings", None)
        lines = getattr(module, "examples", None)
        epilog = listed("Examples", lines) if lines else None
        app.command(name, context_settings=options, epilog=epilog)(module.command)


def listed(title: str, lines: Sequence[str]) -> str:
    """Lines for the end of a help page, each on a line of its own there."""
    return "\n\n".join((f"[dim]{title}:[/]", *map(escape, lines)))


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command line for these arguments: the command named is real, the others only a help line."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(epilog=listed("First steps", FIRST_STEPS) + f"\n\n{SETTINGS_LINE}")(root)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for name, line in COMMANDS.items():
        if name == wanted:
            attach(app, name)
        else:
            app.command(name, help=line)(absent)
    return app


def main() -> None:
    """Run the command line of this process and end it: 0 done, 1 failed, 2 a mistake of the user's."""
    with told():
        build(sys.argv[1:])(prog_name="sluicegate")
