"""`sluicegate saga verify`: whether what the topics say of sagas holds together."""

import json
import time
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sagas.instance import ENDED, Status
from schemas.registry import Registry
from streams.cli.errors import FAILED
from streams.cli.saga_asking import AsJson
from streams.client.connection import open_registry
from streams.sagas.evidence import gather
from streams.sagas.shelves import documents_are_those_of_completed_sagas
from streams.sagas.verifying import Evidence, Finding, not_judged, statuses, verify
from streams.settings import Settings, load

AGAIN_SECONDS = 3.0
SHOWN = 50
RESTING = (*ENDED, Status.NEEDS_ATTENTION)


def verify_command(
    settled: Annotated[bool, typer.Option("--settled", help="Demand that every saga has ended, or is parked.")] = False,
    index: Annotated[
        str | None,
        typer.Option(
            "--index", metavar="URL", help="Check this database too: it must hold completed sagas' documents."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check all sagas, from their topics alone: histories whole, states and ends as they say, each command sent once.

    Sagas may go on meanwhile: what looks wrong is looked at again some seconds later. Ends with 1 when something is.
    """
    evidence, findings = examine(index)
    counts = statuses(evidence)
    running = sum(count for status, count in counts.items() if Status(status) not in RESTING)
    ok = not findings and not (settled and running)
    if as_json:
        wrong = [finding._asdict() for finding in findings]
        said = {"ok": ok, "sagas": len(evidence.histories), "statuses": counts, "findings": wrong}
        checked = {"commands_checked": evidence.commands is not None, "index_checked": index is not None}
        typer.echo(json.dumps({**said, "not_judged": not_judged(evidence), **checked}, indent=2))
    else:
        tell(evidence, findings, counts)
        if settled and running:
            typer.echo(f"{running:,} have not come to rest", err=True)
    if not ok:
        raise SystemExit(FAILED)


def examine(index: str | None) -> tuple[Evidence, list[Finding]]:
    """The evidence, and what was wrong with it twice. Blocks."""
    settings = load()
    registry = open_registry(settings)
    try:
        evidence, findings = look(settings, registry, index)
        if findings:
            time.sleep(AGAIN_SECONDS)
            evidence, again = look(settings, registry, index)
            findings = [finding for finding in findings if finding in set(again)]
    finally:
        registry.close()
    return evidence, findings


def look(settings: Settings, registry: Registry, index: str | None) -> tuple[Evidence, list[Finding]]:
    """The evidence, and what is wrong with it; with that of an index, if there is one to look at."""
    evidence = gather(settings, registry)
    findings = verify(evidence)
    if index is not None:
        # Imported late: the other commands need no database.
        from streams.sagas.shelf_reading import read_shelves

        shelves = read_shelves(settings, registry, index, evidence.forms.values())
        findings += documents_are_those_of_completed_sagas(evidence.histories, shelves)
    return evidence, findings


def tell(evidence: Evidence, findings: list[Finding], counts: dict[str, int]) -> None:
    """For people."""
    console = Console(soft_wrap=True, highlight=False)
    summary = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items())) or "none is kept"
    console.print(f"{len(evidence.histories):,} sagas: {summary}")
    if evidence.commands is None:
        console.print("[yellow]request topics have lost their oldest records: commands were not counted[/]")
    if evidence.unjudged:
        console.print(f"[yellow]{escape(told_of_age(not_judged(evidence)))}[/]")
    if not findings:
        console.print("[green]all is well[/]")
        return
    table = Table("saga", "check", "what is wrong", box=None, pad_edge=False, header_style="dim")
    for finding in findings[:SHOWN]:
        table.add_row(escape(finding.saga_id), finding.check, escape(finding.message))
    console.print(table)
    if len(findings) > SHOWN:
        console.print(f"and {len(findings) - SHOWN:,} more; --json has them all")


def told_of_age(counts: Mapping[str, int]) -> str:
    """How many sagas are too old, and for which checks."""
    each = ", ".join(f"{check} of {count:,}" for check, count in counts.items() if check != "sagas")
    return f"{counts['sagas']:,} sagas are older than what the topics still hold: not judged ({each})"
