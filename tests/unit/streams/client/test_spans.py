"""Which offsets are read, and when a reader is done."""

from hypothesis import given
from hypothesis import strategies as some

from streams.client.spans import Progress, Span, last_of, spans

A, B = ("t", 0), ("t", 1)


def test_spans_run_from_the_start_to_the_end_and_empty_ones_are_left_out() -> None:
    assert spans({A: 5, B: 0}, {}, {A: 9, B: 0}) == [Span("t", 0, 5, 9)]


def test_a_start_before_the_earliest_is_cut_and_a_negative_one_is_the_end() -> None:
    assert spans({A: 5, B: 0}, {A: 2, B: -1}, {A: 9, B: 7}) == [Span("t", 0, 5, 9)]


def test_the_newest_offsets_of_each_span() -> None:
    assert last_of([Span("t", 0, 0, 100), Span("t", 1, 98, 100)], 10) == [Span("t", 0, 90, 100), Span("t", 1, 98, 100)]


def test_a_reader_of_nothing_is_done_at_once() -> None:
    assert Progress([Span("t", 0, 4, 4)]).done


def test_a_span_ends_with_its_last_record_or_with_a_position_beyond_it() -> None:
    progress = Progress([Span("t", 0, 0, 3), Span("t", 1, 0, 5)])
    assert not progress.reach(A, 2)
    assert progress.reach(A, 3)
    states = [progress.done, progress.reach(B, 9), progress.done]  # control records fill the rest of B
    assert states == [False, True, True]
    assert (progress.passed, progress.total) == (8, 8)


def test_records_beyond_the_span_are_not_inside() -> None:
    progress = Progress([Span("t", 0, 0, 3)])
    assert progress.inside(A, 2)
    assert not progress.inside(A, 3)
    assert not progress.inside(B, 0)


def test_a_span_ends_once() -> None:
    progress = Progress([Span("t", 0, 0, 3)])
    assert progress.reach(A, 3)
    assert not progress.reach(A, 4)


@given(some.lists(some.integers(0, 30), max_size=40))
def test_progress_never_runs_backwards_or_over_the_end(positions: list[int]) -> None:
    progress = Progress([Span("t", 0, 5, 20)])
    before = 0
    for position in positions:
        progress.reach(A, position)
        assert before <= progress.passed <= progress.total
        before = progress.passed
    assert progress.done == any(position >= 20 for position in positions)
