"""Sagas as a person reads them in a terminal."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from sagas.events import EventKind, HistoryEvent
from sagas.instance import Instance, Status
from streams.client.durations import iso, spoken
from streams.sagas.timeline import Line

COLOURS = {
    "COMPLETED": "green", "DONE": "green", "TAKEN": "green", "RECEIVED": "green",
    "RUNNING": "cyan", "WAITING": "cyan", "AWAITED": "cyan", "RETRYING": "yellow", "COMPENSATING": "yellow",
    "COMPENSATED": "yellow", "IN DOUBT": "yellow", "SKIPPED": "yellow", "TIMED OUT": "yellow",
    "NEEDS_ATTENTION": "red", "STALLED": "red", "REJECTED": "red", "DECLINED": "red", "ABORTED": "red",
}  # fmt: skip


def coloured(state: str) -> str:
    """A state in its colour."""
    return f"[{COLOURS[state]}]{state}[/]" if state in COLOURS else escape(state)


def head_of(saga_id: str, instance: Instance | None, events: Sequence[HistoryEvent], now_ms: int) -> list[str]:
    """What to know before the steps."""
    last = events[-1]
    if instance is None:
        return [f"[bold]{escape(saga_id)}[/]  {last.saga} {last.version}  forgotten at {iso(last.at_ms)}"]
    lines = [f"[bold]{escape(saga_id)}[/]  {instance.saga} {instance.version}  {coloured(instance.status)}"]
    ended = f", ended {iso(instance.ended_ms)}" if instance.ended else ""
    took = (instance.ended_ms or now_ms) - instance.started_ms
    lines.append(f"[dim]started {iso(instance.started_ms)}{ended} ({spoken(max(0, took))})[/]")
    if instance.attention is not None:
        since, step, reason = instance.attention
        where = f" at {escape(step)}" if step else ""
        lines.append(f"[red]waits for a person since {spoken(max(0, now_ms - since))}{where}: {escape(reason)}[/]")
    elif instance.reason:
        lines.append(f"[yellow]{escape(instance.reason)}[/]")
    for name, timer in sorted(instance.timers.items(), key=lambda item: item[1].due_ms):
        left = timer.due_ms - now_ms
        lines.append(f"[dim]timer {escape(name)} {'in ' + spoken(left) if left > 0 else 'due'}[/]")
    return lines


def steps_table(lines: Iterable[Line], now_ms: int) -> Table:
    """One row for each step, undo and signal, in the order in which they began."""
    table = Table("step", "state", "attempt", "began", "took", "", box=None, pad_edge=False, header_style="dim")
    for line in lines:
        name = f"undo of {line.path}" if line.direction else line.path
        until = line.ended_ms or now_ms
        took = spoken(max(0, until - line.began_ms)) + ("" if line.ended_ms else " so far")
        attempt = str(line.attempt) if line.attempt else ""
        table.add_row(escape(name), coloured(line.state), attempt, iso(line.began_ms), took, escape(line.note))
    return table


def list_table(sagas: Iterable[Instance], now_ms: int) -> Table:
    """One row for each saga."""
    table = Table("saga", "definition", "status", "changed", "at", box=None, pad_edge=False, header_style="dim")
    for one in sagas:
        busy = [path for path, state in one.steps.items() if state.open or state.undo_open]
        where = one.attention.reason if one.attention is not None else ", ".join(busy[:3]) or one.reason
        changed = f"{spoken(max(0, now_ms - one.updated_ms))} ago"
        table.add_row(escape(one.saga_id), f"{one.saga} {one.version}", coloured(one.status), changed, escape(where))
    return table


def attention_table(waiting: Iterable[Mapping[str, Any]], now_ms: int) -> Table:
    """One row for each saga that waits for a person."""
    table = Table("saga", "definition", "waits", "step", "why", box=None, pad_edge=False, header_style="dim")
    for one in waiting:
        since = spoken(max(0, now_ms - one["since_ms"]))
        table.add_row(
            escape(one["saga_id"]), f"{one['saga']} {one['version']}", since, escape(one["step"]), escape(one["reason"])
        )
    return table


def events_table(events: Iterable[HistoryEvent]) -> Table:
    """One row for each event."""
    table = Table("seq", "time", "event", "step", "attempt", "by", "", box=None, pad_edge=False, header_style="dim")
    for event in events:
        attempt = str(event.attempt) if event.attempt else ""
        said = event.reason or (json.dumps(dict(event.body), default=str) if event.body else "")
        cut = said if len(said) <= 100 else said[:99] + "…"
        kind = coloured_kind(event.kind)
        table.add_row(
            str(event.seq), iso(event.at_ms), kind, escape(event.step), attempt, escape(event.actor), escape(cut)
        )
    return table


def coloured_kind(kind: EventKind) -> str:
    """An event's name; those that end or park a saga in colour."""
    endings = {
        EventKind.COMPLETED: Status.COMPLETED,
        EventKind.COMPENSATED: Status.COMPENSATED,
        EventKind.ABORTED: Status.ABORTED,
        EventKind.PARKED: Status.NEEDS_ATTENTION,
    }
    return f"[{COLOURS[endings[kind]]}]{kind}[/]" if kind in endings else str(kind)
