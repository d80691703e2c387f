"""Histories as files: a line of JSON for each event, as `sluicegate saga history --json` gives them too."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sagas import values
from sagas.errors import HistoryError
from sagas.events import HistoryEvent
from sagas.wire.history import event_from, event_record

_DEFAULTS: dict[str, Any] = {"step": "", "attempt": 0, "actor": "", "reason": "", "body": {}}


def write_history(path: Path, events: Iterable[HistoryEvent]) -> None:
    """Keeps events. Raises OSError, FileExistsError where there is such a file: a history does not change."""
    lines = [values.dumps(event_form(event)) + b"\n" for event in events]
    with path.open("xb") as file:
        file.writelines(lines)


def read_history(path: Path) -> list[HistoryEvent]:
    """The events of a file. Raises OSError, HistoryError for a line that is none."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(event_of(values.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise HistoryError(f"{path}, line {number} is no event of a history: {error!r}") from error
    return found


def event_form(event: HistoryEvent) -> dict[str, Any]:
    """An event as JSON values."""
    data, result = (None if text is None else values.loads(text) for text in (event.data, event.result))
    return {**event_record(event), "body": dict(event.body), "data": data, "result": result}


def event_of(form: dict[str, Any]) -> HistoryEvent:
    """The event that `event_form` made; raises KeyError, TypeError, HistoryError."""
    known = {**_DEFAULTS, **form}
    body = values.dumps(known["body"]) if known["body"] else b""
    texts = {name: None if known.get(name) is None else values.dumps(known[name]) for name in ("data", "result")}
    return event_from({**known, "body": body, **texts})
