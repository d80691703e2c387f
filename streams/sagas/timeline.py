"""How each step of a saga stands and how long it took, from its history. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sagas.events import EventKind, HistoryEvent

UNDO = "undo"
_SENT = {EventKind.STEP_SENT: "", EventKind.UNDO_SENT: UNDO}
_ENDED = {
    EventKind.STEP_DONE: ("", "DONE"),
    EventKind.STEP_UPGRADED: ("", "DONE"),
    EventKind.STEP_REJECTED: ("", "REJECTED"),
    EventKind.STEP_IN_DOUBT: ("", "IN DOUBT"),
    EventKind.STEP_SKIPPED: ("", "SKIPPED"),
    EventKind.UNDO_DONE: (UNDO, "DONE"),
    EventKind.UNDO_SKIPPED: (UNDO, "SKIPPED"),
    EventKind.SIGNAL_RECEIVED: ("", "RECEIVED"),
    EventKind.SIGNAL_TAKEN: ("", "TAKEN"),
    EventKind.SIGNAL_DECLINED: ("", "DECLINED"),
    EventKind.SIGNAL_TIMED_OUT: ("", "TIMED OUT"),
}
_FAILED = {EventKind.STEP_FAILED: "", EventKind.UNDO_FAILED: UNDO}


@dataclass(slots=True)
class Line:
    """A step, its undo, or a signal: where it stands, at which attempt, from when to when (0: not yet), and why."""

    path: str
    direction: str
    state: str
    attempt: int
    began_ms: int
    ended_ms: int = 0
    note: str = ""

    def as_row(self) -> dict[str, Any]:
        """For programs."""
        return {
            "step": self.path,
            "direction": self.direction or "forward",
            "state": self.state,
            "attempt": self.attempt,
            "began_ms": self.began_ms,
            "ended_ms": self.ended_ms or None,
            "note": self.note,
        }


def timeline(events: Iterable[HistoryEvent]) -> list[Line]:
    """The lines of a saga's last run, in the order in which they began."""
    lines: dict[tuple[str, str], Line] = {}
    for event in events:
        if event.kind is EventKind.STARTED:
            lines.clear()
        else:
            _follow(lines, event)
    return list(lines.values())


def _follow(lines: dict[tuple[str, str], Line], event: HistoryEvent) -> None:
    kind = event.kind
    if kind in _SENT:
        line = _line(lines, event, _SENT[kind])
        line.state, line.attempt, line.ended_ms = "WAITING", event.attempt, 0
    elif kind is EventKind.SIGNAL_AWAITED:
        _line(lines, event, "").state = "AWAITED"
    elif kind in _ENDED:
        direction, state = _ENDED[kind]
        line = _line(lines, event, direction)
        line.state, line.ended_ms, line.note = state, event.at_ms, event.reason
    elif kind in _FAILED:
        line = _line(lines, event, _FAILED[kind])
        line.state = "RETRYING" if "retry_ms" in event.body else "STALLED"
        line.note = event.reason


def _line(lines: dict[tuple[str, str], Line], event: HistoryEvent, direction: str) -> Line:
    place = (event.step, direction)
    if place not in lines:
        lines[place] = Line(event.step, direction, "", event.attempt, event.at_ms)
    return lines[place]


def branches(events: Iterable[HistoryEvent]) -> Mapping[str, str]:
    """Which way each branch went."""
    chosen = [event for event in events if event.kind is EventKind.BRANCH_CHOSEN]
    return {event.step: "yes" if event.body["choice"] else "no" for event in chosen}
