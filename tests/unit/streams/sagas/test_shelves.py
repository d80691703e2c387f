"""What an index holds, against what sagas put there: each discrepancy is found, and nothing else is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sagas.events import EventKind, HistoryEvent
from streams.mistake import UserMistake
from streams.sagas.shelf_reading import check_there, owners
from streams.sagas.shelves import Shelves, documents_are_those_of_completed_sagas
from streams.settings import Settings

PUTS = {"key-a": "letter-a", "key-b": "letter-b", "key-c": "letter-c"}
HELD = {"letter-a": "key-a", "letter-c": "key-c", "brought": "somebody-s"}


def history(name: str, *kinds: EventKind, run: int = 1) -> list[HistoryEvent]:
    found = []
    for number, kind in enumerate((EventKind.STARTED, EventKind.STEP_SENT, *kinds)):
        body: Mapping[str, Any] = {"key": f"key-{name}"} if kind is EventKind.STEP_SENT else {}
        step = "put" if kind in (EventKind.STEP_SENT, EventKind.STEP_DONE) else ""
        found.append(HistoryEvent(name, run, number, 5, "intake", 1, "hash", kind, step, body=body))
    return found


HISTORIES = {
    "a": history("a", EventKind.STEP_DONE, EventKind.COMPLETED, EventKind.FORGOTTEN),
    "b": history("b", EventKind.STEP_DONE, EventKind.COMPENSATING, EventKind.COMPENSATED),
    "c": history("c", EventKind.STEP_DONE),
}


def told(documents: Mapping[str, str], removed: frozenset[str] = frozenset()) -> list[str]:
    shelves = Shelves(documents, PUTS, removed)
    return [f"{one.saga_id}: {one.message}" for one in documents_are_those_of_completed_sagas(HISTORIES, shelves)]


def test_completed_ones_are_there_and_compensated_ones_are_not() -> None:
    assert told(HELD) == []


def test_a_saga_that_goes_on_may_have_put_its_document_or_not() -> None:
    assert told({"letter-a": "key-a"}) == []


def test_a_completed_one_that_is_missing() -> None:
    assert told({}) == ["a: it is completed, and its document 'letter-a' is not in the index"]


def test_a_completed_one_that_somebody_else_put() -> None:
    found = told({**HELD, "letter-a": "key-z"})
    assert found == ["a: it is completed, and its document 'letter-a' was put by another request, key-z"]


def test_a_document_that_somebody_asked_to_delete_need_not_be_there() -> None:
    assert told({}, frozenset({"letter-a"})) == []


def test_a_step_that_was_not_done_put_nothing() -> None:
    events = history("a", EventKind.COMPLETED)
    assert list(documents_are_those_of_completed_sagas({"a": events}, Shelves({}, PUTS, frozenset()))) == []


def test_a_compensated_one_that_is_there() -> None:
    assert told({**HELD, "letter-b": "key-b"}) == ["b: it is compensated, and its document 'letter-b' is in the index"]


def test_an_id_that_was_used_twice_is_two_sagas() -> None:
    first = history("a", EventKind.STEP_DONE, EventKind.COMPENSATED, EventKind.FORGOTTEN)
    again = history("b", EventKind.STEP_DONE, EventKind.COMPLETED, run=2)
    shelves = Shelves({"letter-b": "key-b"}, PUTS, frozenset())
    assert list(documents_are_those_of_completed_sagas({"a": [*first, *again]}, shelves)) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///nowhere/at.all", "there is no file nowhere/at.all"),
        ("sqlite://", "there is no file None"),
        ("documents.db", "write it as dialect"),
    ],
)
def test_a_url_that_is_no_index_s(url: str, why: str) -> None:
    with pytest.raises(UserMistake, match=why):
        check_there(url)


def test_a_database_without_documents(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    file.touch()
    with pytest.raises(UserMistake, match="no such table"):
        owners(Settings(), f"sqlite:///{file}")
