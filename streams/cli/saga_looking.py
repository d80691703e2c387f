"""`sluicegate saga show | list | history | draw`: what the topics say, committed records only."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sagas.catalogue import discover
from sagas.draw import mermaid
from sagas.events import HistoryEvent
from sagas.fold import fold
from sagas.instance import Instance, Status
from sagas.wire.history import event_record
from sagas.wire.instance import instance_record
from streams.cli.printing import print_lines
from streams.cli.saga_asking import AsJson, SagaId
from streams.cli.saga_tables import attention_table, events_table, head_of, list_table, steps_table
from streams.client.connection import open_registry
from streams.client.shaping import plain
from streams.mistake import UserMistake
from streams.sagas.picture import svg
from streams.sagas.reading import SagaReader
from streams.sagas.timeline import Line, branches, timeline
from streams.settings import load


def show_command(saga_id: SagaId, as_json: AsJson = False) -> None:
    """Show one saga: its steps with state, attempt and times, what it waits for, and its data."""
    with reading() as reader:
        events = known(reader.history(saga_id), saga_id)
    instance, lines = fold(events), timeline(events)
    if as_json:
        typer.echo(json.dumps(report(saga_id, instance, lines), indent=2))
        return
    console, now = Console(highlight=False), now_ms()
    for text in head_of(saga_id, instance, events, now):
        console.print(text)
    console.print(steps_table(lines, now))
    if instance is not None and instance.data:
        console.print(f"\n[dim]data[/] {instance.data.decode()}", markup=True, soft_wrap=True)


def list_command(
    attention: Annotated[
        bool, typer.Option("--attention", help="Those that wait for a person; the one that waits longest first.")
    ] = False,
    status: Annotated[Status | None, typer.Option(case_sensitive=False, help="Only those that stand so.")] = None,
    saga: Annotated[str | None, typer.Option(help="Only this definition's.")] = None,
    most: Annotated[int, typer.Option("--max", "-n", min=1, help="So many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List sagas: those that run or are kept since they ended, the last changed first."""
    with reading() as reader:
        if attention:
            waiting = [one for one in reader.attention() if saga in (None, one["saga"])][:most]
            tell(as_json, [dict(one) for one in waiting], lambda: attention_table(waiting, now_ms()), "no saga waits")
            return
        kept = reader.states().values()
    wanted = [one for one in kept if status in (None, one.status) and saga in (None, one.saga)]
    wanted.sort(key=lambda one: -one.updated_ms)
    rows = [summary(one) for one in wanted[:most]]
    tell(as_json, rows, lambda: list_table(wanted[:most], now_ms()), "no sagas" + (" that fit" if kept else ""))
    if not as_json and len(wanted) > most:
        typer.echo(f"and {len(wanted) - most:,} more; --max shows more", err=True)


def history_command(saga_id: SagaId, as_json: AsJson = False) -> None:
    """Show everything that happened to a saga, who asked for it and why; --json gives one object a line."""
    with reading() as reader:
        events = known(reader.history(saga_id), saga_id)
    if as_json:
        print_lines(json.dumps(plain(readable(event))) for event in events)
    else:
        Console(soft_wrap=True, highlight=False).print(events_table(events))


def draw_command(
    saga: Annotated[str, typer.Argument(help="The saga, for example document-intake.")],
    version: Annotated[int, typer.Option(min=0, help="The definition's version; 0 is the newest.")] = 0,
    of: Annotated[str | None, typer.Option(metavar="SAGA_ID", help="Draw how this one stands.")] = None,
    picture: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a picture (SVG) there instead of the text.")
    ] = None,
) -> None:
    """Draw a definition: as Mermaid text, or as a picture."""
    states: dict[str, str] = {}
    if of is not None:
        with reading() as reader:
            events = known(reader.history(of), of)
        states, version = states_of(events), version or events[-1].version
    form = form_of(saga, version)
    if picture is None:
        typer.echo(mermaid(form, states), nl=False)
        return
    try:
        picture.write_text(svg(form, states), encoding="utf-8")
    except OSError as error:
        raise UserMistake(f"--output {picture}: {error.strerror}") from None
    typer.echo(f"wrote {picture}", err=True)


def form_of(saga: str, version: int) -> dict[str, Any]:
    """A definition's form: the one that is installed here, or else the one that was released."""
    compiled = discover().find(saga, version)
    if compiled is not None:
        return compiled.form()
    with reading() as reader:
        released = [one for one in reader.definitions() if one["name"] == saga and version in (0, one["version"])]
    if not released:
        raise UserMistake(f"{discover().missing(saga, version)}; and no worker has released it")
    found: dict[str, Any] = json.loads(max(released, key=lambda one: one["version"])["form"])
    return found


def states_of(events: list[HistoryEvent]) -> dict[str, str]:
    """What to write beside the steps, undos, signals and branches of a saga."""
    states: dict[str, str] = dict(branches(events))
    for line in timeline(events):
        attempt = f", attempt {line.attempt}" if line.attempt > 1 else ""
        states[f"{line.path} {line.direction}".strip()] = f"{line.state}{attempt}"
    return states


def report(saga_id: str, instance: Instance | None, lines: list[Line]) -> dict[str, Any]:
    """One saga for programs."""
    steps = [line.as_row() for line in lines]
    if instance is None:
        return {"saga_id": saga_id, "status": "FORGOTTEN", "timeline": steps}
    record: dict[str, Any] = plain(instance_record(instance))
    return {**record, "data": json.loads(instance.data), "timeline": steps}


def summary(instance: Instance) -> dict[str, Any]:
    """One saga of a list for programs."""
    return {
        "saga_id": instance.saga_id,
        "saga": instance.saga,
        "version": instance.version,
        "status": str(instance.status),
        "started_ms": instance.started_ms,
        "updated_ms": instance.updated_ms,
        "open": [path for path, state in instance.steps.items() if state.open or state.undo_open],
        "reason": instance.attention.reason if instance.attention is not None else instance.reason,
    }


def readable(event: HistoryEvent) -> dict[str, Any]:
    """An event with its body, data and result as values."""
    data, result = (None if text is None else json.loads(text) for text in (event.data, event.result))
    return {**event_record(event), "body": dict(event.body), "data": data, "result": result}


def known(events: list[HistoryEvent], saga_id: str) -> list[HistoryEvent]:
    """The history; UserMistake when there is none."""
    if not events:
        raise UserMistake(
            f"there is no history of a saga {saga_id!r}; `sluicegate saga list` shows those that are kept"
        )
    return events


def tell(as_json: bool, rows: list[dict[str, Any]], table: Callable[[], Any], nothing: str) -> None:
    """Rows for a program, a table for a person."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif rows:
        Console(soft_wrap=True, highlight=False).print(table())
    else:
        typer.echo(nothing)


@contextmanager
def reading() -> Iterator[SagaReader]:
    """A reader of the topics that the settings name."""
    settings = load()
    registry = open_registry(settings)
    try:
        yield SagaReader(settings, registry)
    finally:
        registry.close()


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
