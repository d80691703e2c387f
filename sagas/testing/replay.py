"""A recorded history against a definition: would a saga of that definition have gone the same way?

Only what the history tells is known: the start message is not, so the first data are taken as recorded; a reply is
known where it was kept, and elsewhere what became of the data is taken as recorded. What no input of the outside
explains (a reply that the saga's code failed on, a late one) is taken as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sagas import values
from sagas.apply import apply
from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.definition import Saga
from sagas.effects import Record
from sagas.engine import react
from sagas.engine.advance import advance
from sagas.engine.turn import Turn
from sagas.events import EventKind, HistoryEvent
from sagas.instance import Instance
from sagas.limits import DEFAULT
from sagas.testing.causes import Unexplained, cause_of
from sagas.testing.history_file import read_history

_COMPARED = ("kind", "step", "attempt", "actor", "body", "data", "result")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event that the definition would not have led to; `made` is what it leads to, if anything."""

    event: HistoryEvent
    made: HistoryEvent | None
    message: str

    def __str__(self) -> str:
        event = self.event
        place = f"event {event.seq} of saga {event.saga_id!r}, run {event.run}: {event.kind} {event.step}".rstrip()
        return f"{place}: {self.message}"


def replay(history: Iterable[HistoryEvent] | Path, against: Saga[Any, Any] | Compiled) -> Difference | None:
    """The first event where the definition differs, or None. Raises OSError, HistoryError for an unreadable file."""
    events = read_history(history) if isinstance(history, Path) else list(history)
    compiled = against if isinstance(against, Compiled) else compile_saga(against)
    return next((found for run in _runs(events) if (found := _Replay(compiled, run).run()) is not None), None)


def _runs(events: list[HistoryEvent]) -> Iterator[list[HistoryEvent]]:
    starts = [place for place, event in enumerate(events) if event.kind is EventKind.STARTED]
    for start, end in zip(starts, [*starts[1:], len(events)], strict=True):
        yield events[start:end]


class _Replay:
    def __init__(self, compiled: Compiled, events: list[HistoryEvent]) -> None:
        self._compiled = compiled
        pinned = {"version": compiled.version, "hash": compiled.hash}
        self._events = [replace(event, **pinned) for event in events]  # type: ignore[arg-type]
        self._instance: Instance | None = None

    def run(self) -> Difference | None:
        place = 0
        while place < len(self._events):
            event = self._events[place]
            try:
                made = self._made(event)
            except Unexplained as problem:
                return Difference(event, None, str(problem))
            for offset, one in enumerate(made):
                if place + offset == len(self._events):
                    return Difference(event, one, f"the history ends, and this goes on with {_told(one)}")
                found = compared(self._events[place + offset], one)
                if found is not None:
                    return found
            if not made:
                return Difference(event, None, "nothing comes of what led to it")
            place += len(made)
        return None

    def _made(self, event: HistoryEvent) -> list[HistoryEvent]:
        """The events that come of what led to this one."""
        if event.kind is EventKind.STARTED:
            return self._started(event)
        assert self._instance is not None
        cause = cause_of(event, self._instance, self._compiled)
        if cause is None:
            self._instance = apply(self._instance.copy(), event)
            return [event]
        given, compiled = cause
        catalogue = Catalogue([compiled])
        reaction = react(catalogue, self._instance, event.saga_id, given, event.at_ms)
        self._instance = reaction.instance
        return [effect.event for effect in reaction.effects if isinstance(effect, Record)]

    def _started(self, event: HistoryEvent) -> list[HistoryEvent]:
        compiled = self._compiled
        try:
            compiled.data.model_validate_json(event.data or b"")
        except ValidationError as error:
            raise Unexplained(f"the definition can't read the recorded data: {error}") from error
        body = {"digest": event.body["digest"]}
        if compiled.deadline is not None:
            body["deadline_ms"] = event.at_ms + compiled.deadline.ms
        begun = replace(event, saga=compiled.name, body=body)
        instance = apply(None, begun)
        assert instance is not None
        turn = Turn(instance, compiled, event.at_ms, DEFAULT)
        turn.events.append(begun)
        advance(turn)
        self._instance = turn.instance
        return turn.events


def compared(recorded: HistoryEvent, made: HistoryEvent) -> Difference | None:
    """The difference between two events, if there is one; texts for people are not compared."""
    for name in _COMPARED:
        before, now = _value(recorded, name), _value(made, name)
        if before != now:
            if name in ("kind", "step"):
                return Difference(recorded, made, f"here comes {_told(made)}")
            return Difference(recorded, made, f"{name} was {before!r}, and is {now!r}")
    return None


def _value(event: HistoryEvent, name: str) -> Any:
    value = getattr(event, name)
    return values.loads(value) if isinstance(value, bytes) else dict(value) if name == "body" else value


def _told(event: HistoryEvent) -> str:
    return f"{event.kind} {event.step}".rstrip()
