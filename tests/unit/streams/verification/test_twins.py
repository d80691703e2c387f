"""Requests with one id: every line of the table of repeats, kept and broken."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.outcome import Code
from streams.verification.facts import Spot, Told
from streams.verification.repeats import Repeats
from streams.verification.twins import Memory, Note, Twin, problems

MEMORY = Memory(entries=100, bytes=100 * 40_000, retention_ms=600_000)
VALUE, OTHER = 11, 22


def twin(
    offset: int,
    value: int = VALUE,
    *,
    payload: int | None = 1,
    replayed: bool = False,
    code: str | None = None,
    **note: int,
) -> Twin:
    said = Note(value, replayed, code, bool(note.get("retriable")), note.get("at", 1_000), note.get("size", 100))
    return Twin(offset, payload, f"asked:0:{offset}", [said])


FIRST = twin(0)
CONFLICT, LATE = Code.REQUEST_ID_CONFLICT, Code.DEADLINE_EXCEEDED
UNSURE = replace(twin(0), notes=[])


@pytest.mark.parametrize(
    "later",
    [
        [twin(5, replayed=True)],
        [twin(5, replayed=True), twin(9, replayed=True)],
        [twin(5, OTHER, payload=2, code=CONFLICT), twin(9, replayed=True)],
        [twin(5, OTHER, code=LATE, retriable=1)],
        [twin(5, OTHER, code=Code.INVALID_REPLY_TO), twin(6, replayed=True)],
        [twin(5, OTHER, code=Code.INVALID_ARGUMENT)],
        [twin(200, OTHER)],
        [twin(5, OTHER, at=600_000)],
        [twin(5, OTHER, payload=None)],
        [twin(5, OTHER, code=Code.RESULT_TOO_LARGE, replayed=True)],
    ],
)
def test_what_the_table_allows_is_no_problem(later: list[Twin]) -> None:
    assert list(problems([FIRST, *later], MEMORY, whole=True)) == []


@pytest.mark.parametrize(
    ("later", "problem"),
    [
        ([twin(5, OTHER)], "asked:0:5 was answered anew, not with the answer of asked:0:0 again"),
        ([twin(5, OTHER, payload=2)], "asked:0:5 was answered anew, not with the conflict with asked:0:0"),
        ([twin(5, OTHER, replayed=True)], "asked:0:5 has a replayed answer that no earlier request had"),
        ([twin(5, payload=2, replayed=True)], "asked:0:5 has the answer of asked:0:0, which had another payload"),
        ([twin(5, OTHER, code=CONFLICT)], "asked:0:5 has a conflict, though no earlier request had another payload"),
        ([twin(5, OTHER, code=Code.PROCESSOR_FAILED, retriable=1)], "answered anew"),
    ],
)
def test_what_the_table_does_not_allow_is_named(later: list[Twin], problem: str) -> None:
    [found] = problems([FIRST, *later], MEMORY, whole=True)
    assert problem in found


def test_an_earlier_one_that_failed_retriably_is_tried_anew() -> None:
    failed = twin(0, code=Code.OUT_OF_MEMORY, retriable=1)
    assert list(problems([failed, twin(5, OTHER), twin(6, OTHER, replayed=True)], MEMORY, whole=True)) == []


def test_a_large_answer_may_have_gone_with_its_topic() -> None:
    assert list(problems([twin(0, size=40_000), twin(5, OTHER)], MEMORY, whole=True)) == []


def test_a_lane_that_remembers_nothing_may_answer_anew() -> None:
    assert list(problems([FIRST, twin(5, OTHER)], None, whole=True)) == []


@pytest.mark.parametrize("later", [twin(5, OTHER, replayed=True), twin(5, OTHER, code=CONFLICT), twin(5, OTHER)])
def test_after_an_answer_that_cannot_be_seen_nothing_is_sure(later: Twin) -> None:
    assert list(problems([FIRST, UNSURE, later], MEMORY, whole=True)) == []


def test_what_was_before_the_log_begins_may_explain_an_answer() -> None:
    assert list(problems([twin(0, replayed=True), twin(1, OTHER, code=CONFLICT)], MEMORY, whole=False)) == []
    assert len(list(problems([twin(0, replayed=True)], MEMORY, whole=True))) == 1


def ask(repeats: Repeats, offset: int, request_id: str) -> None:
    repeats.see(0, offset, request_id, lambda at: Twin(at, 1, f"asked:0:{at}"))


def answer(repeats: Repeats, offset: int, value: bytes, replayed: bool = False) -> None:
    repeats.note(
        0, offset, Told(Spot("told", 0, offset), Spot("asked", 0, offset), 1_000, value=value, replayed=replayed)
    )


def test_twins_are_found_among_others_and_judged() -> None:
    repeats = Repeats(100, 100)
    for offset, name in enumerate(("a", "b", "a", "c", "a")):
        ask(repeats, offset, name)
    for offset, replayed in ((0, False), (1, False), (2, True), (3, False), (4, False)):
        answer(repeats, offset, b"other" if offset == 4 else b"same", replayed)
    assert repeats.count == 2
    [problem] = repeats.problems(MEMORY, whole=True)
    assert "asked:0:4 was answered anew" in problem


@given(st.integers(1, 50), st.integers(1, 200))
def test_as_many_ids_are_known_as_was_asked_and_no_more_than_twice_as_many(most: int, ids: int) -> None:
    repeats = Repeats(most, 10_000)
    offsets = count()
    for name in range(ids):
        ask(repeats, next(offsets), str(name))
    for name in range(max(0, ids - most), ids):
        ask(repeats, next(offsets), str(name))
    assert repeats.count == min(most, ids)
    assert ids - repeats.forgotten <= 2 * most


def test_twins_beyond_the_bound_are_counted_instead() -> None:
    repeats = Repeats(100, 2)
    for offset in range(6):
        ask(repeats, offset, "a" if offset < 3 else f"b{offset % 2}")
    assert (repeats.count, repeats.unjudged) == (3, 2)


def test_an_id_on_another_partition_is_another_request() -> None:
    repeats = Repeats(10, 10)
    repeats.see(0, 0, "a", lambda at: Twin(at, 1, ""))
    repeats.see(1, 1, "a", lambda at: Twin(at, 1, ""))
    assert repeats.count == 0
