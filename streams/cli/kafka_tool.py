"""`sluicegate kafka-tool`: Kafka's own command line tools, from the jars."""

from typing import Annotated

import typer

from streams.mistake import UserMistake
from streams.settings import load
from streams.stack import tools

context_settings = {"ignore_unknown_options": True, "allow_interspersed_args": False}

examples = (
    "sluicegate kafka-tool topics --list",
    "sluicegate kafka-tool console-consumer --topic sluicegate.echo.results --isolation-level read_committed",
    "sluicegate kafka-tool consumer-groups --describe --group sluicegate.echo",
    "sluicegate kafka-tool topics --help    (the tool's own help)",
)


def command(
    words: Annotated[list[str] | None, typer.Argument(metavar="TOOL [ARGUMENTS]...")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the tools.")] = False,
) -> None:
    """Run one of Kafka's own tools: `sluicegate kafka-tool topics --list`.

    The cluster's address is filled in unless given. Everything after the tool's name goes to the tool.
    """
    if listed:
        typer.echo("\n".join(tools.TOOLS))
        raise typer.Exit
    if not words:
        raise UserMistake("say which tool: `sluicegate kafka-tool topics --list`; `kafka-tool --list` shows all")
    tools.run(words[0], words[1:], load())
