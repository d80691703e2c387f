"""Which recorded lives can be led again."""

from dataclasses import replace

from sagas.events import EventKind, HistoryEvent
from streams.sagas.recorded import lives

START = HistoryEvent("a", 1, 0, 1, "mine", 1, "", EventKind.STARTED, "", 0, "", "", {}, b"{}", None)
END = replace(START, seq=1, kind=EventKind.COMPLETED)


def test_only_sagas_of_the_name_are_given() -> None:
    other = replace(START, saga_id="b", saga="other")
    assert lives({"a": [START, END], "b": [other]}, "mine") == {"a": [START, END]}
    assert lives({"a": [replace(START, saga="other"), START, END]}, "mine") == {"a": [START, END]}


def test_a_life_whose_beginning_is_gone_begins_with_its_next_run() -> None:
    again = replace(START, run=2)
    assert lives({"a": [END, again], "b": [END]}, "mine") == {"a": [again]}
