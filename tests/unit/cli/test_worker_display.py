"""What `sluicegate status` says of workers."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from streams.cli.worker_display import SILENT, Seen, look, table
from streams.presence import Presence

READY = {"live": True, "ready": True, "oldest_unsettled_seconds": 0.25, "reasons": []}


def worker(slot: int = 3) -> Presence:
    return Presence(slot, 4_711, 0.0, ("echo", "digits"), "http://127.0.0.1:6066")


def shown(health: dict[str, Any]) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(table([Seen(worker(), health)]))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_row_for_programs_has_the_worker_and_its_health() -> None:
    assert Seen(worker(), READY).as_row() == {
        "slot": 3,
        "pid": 4_711,
        "lanes": ["echo", "digits"],
        "web": "http://127.0.0.1:6066",
        "web_port": 6_066,
        **READY,
    }


@pytest.mark.parametrize(
    ("health", "state"),
    [
        (READY, "ready"),
        ({**READY, "reasons": ["echo: 2 partitions stopped"]}, "ready: echo: 2 partitions stopped"),
        ({**READY, "ready": False, "reasons": ["digits: [not] yet warm"]}, "not ready: digits: [not] yet warm"),
        (SILENT, "not live: its web page does not answer"),
    ],
)
def test_a_person_sees_where_it_is_how_it_is_and_why(health: dict[str, Any], state: str) -> None:
    text = shown(health)
    for part in ("slot 3", "echo, digits", f" {state} ", "4711", "http://127.0.0.1:6066"):
        assert part in text


def test_all_are_asked_and_one_that_does_not_answer_is_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    def health(asked: Presence) -> dict[str, Any] | None:
        return READY if asked.slot else None

    monkeypatch.setattr(Presence, "health", health)
    silent, well = look([worker(0), worker(1)])
    assert (silent.health, well.health) == (SILENT, READY)
    assert look([]) == []
