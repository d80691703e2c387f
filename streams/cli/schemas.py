"""`sluicegate schemas check | apply`: are the schemas of every topic registered and guarded, and make it so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.compatibility import Finding, Registration, apply, check
from schemas.registry import Registry
from streams.cli.errors import FAILED
from streams.cli.lanes import Only, named
from streams.client.connection import open_registry
from streams.provisioning.plan import plan_for
from streams.settings import load

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("check")
def check_command(only: Only = None, as_json: AsJson = False) -> None:
    """Say, for each topic, whether its schema is registered and its compatibility set. Ends with 1 when not."""
    with registry() as asked:
        findings = check(asked, wanted(only))
    if as_json:
        rows = [{"subject": one.subject, "status": str(one.status), "message": one.message} for one in findings]
        typer.echo(json.dumps(rows, indent=2))
    else:
        Console(soft_wrap=True).print(finding_table(findings))
    if not all(one.ok for one in findings):
        raise SystemExit(FAILED)


@app.command("apply")
def apply_command(only: Only = None, as_json: AsJson = False) -> None:
    """Set the compatibility of each subject and register its schema; what is there already is left."""
    with registry() as asked:
        steps = [step.text for step in apply(asked, wanted(only))]
    if as_json:
        typer.echo(json.dumps(steps, indent=2))
    else:
        typer.echo("\n".join(steps) or "nothing to do: every schema is registered")


def wanted(only: list[str] | None) -> tuple[Registration, ...]:
    """What the lanes need of the registry."""
    from streams.lanes import catalogue

    return plan_for(load(), named(only) or tuple(catalogue())).registrations


@contextmanager
def registry() -> Iterator[Registry]:
    """The registry of the settings, closed at the end."""
    asked = open_registry(load())
    try:
        yield asked
    finally:
        asked.close()


def finding_table(findings: list[Finding]) -> Table:
    """One line for each finding."""
    table = Table("subject", "status", "", box=None, pad_edge=False, header_style="dim")
    for one in findings:
        table.add_row(one.subject, f"[{'green' if one.ok else 'red'}]{one.status}[/]", one.message)
    return table
