from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import DeadLetterLimit
from streams.stops import DeadLetterWindow, Stop, StopKey, stop_output, unpack, unpack_key

KEY = StopKey("sluicegate.echo", "sluicegate.echo.requests", 3)
STOP = Stop("6 unreadable records in a row, and the limit is 5", 4_711, 1_795_000_000_000)


def feed(window: DeadLetterWindow, marks: str, first: int = 0) -> list[int]:
    """Where the window says stop; `x` is an unreadable record, `.` a readable one."""
    return [first + n for n, mark in enumerate(marks) if window.observe(first + n, mark == "x") is not None]


def test_off_by_default() -> None:
    assert not DeadLetterWindow.needed(DeadLetterLimit())
    assert DeadLetterWindow.needed(DeadLetterLimit(consecutive=5))
    assert DeadLetterWindow.needed(DeadLetterLimit(ratio=0.5))
    assert feed(DeadLetterWindow(DeadLetterLimit()), "x" * 5_000) == []


def test_more_in_a_row_than_the_limit_stop_the_partition() -> None:
    window = DeadLetterWindow(DeadLetterLimit(consecutive=3))
    assert feed(window, "xxx.xxx.xxxx") == [11]


def test_the_reason_says_what_was_counted_and_the_limit() -> None:
    window = DeadLetterWindow(DeadLetterLimit(consecutive=1))
    window.observe(0, True)
    assert window.observe(1, True) == "2 unreadable records in a row, and the limit is 1"
    window = DeadLetterWindow(DeadLetterLimit(ratio=0.1, window=10))
    window.observe(0, True)
    assert window.observe(1, True) == "2 of the last 10 records unreadable, and the limit is 10.00%"


def test_a_first_bad_record_is_no_ratio_of_one() -> None:
    assert feed(DeadLetterWindow(DeadLetterLimit(ratio=0.1, window=100)), "xxxxxxxxxx") == []


def test_old_ones_leave_the_window() -> None:
    window = DeadLetterWindow(DeadLetterLimit(ratio=0.2, window=10))
    assert feed(window, "xx........" * 50) == []
    assert feed(window, "xxx", first=500) == [502]


def test_records_read_again_after_an_abort_count_once() -> None:
    window = DeadLetterWindow(DeadLetterLimit(consecutive=3))
    for _ in range(10):
        assert feed(window, "xxx") == []
    assert feed(window, "x", first=3) == [3]


@given(st.lists(st.booleans(), max_size=300), st.integers(10, 40), st.floats(0.01, 1.0))
def test_the_ratio_is_that_of_the_last_records(marks: list[bool], size: int, ratio: float) -> None:
    window = DeadLetterWindow(DeadLetterLimit(ratio=ratio, window=size))
    last: deque[bool] = deque(maxlen=size)
    for offset, mark in enumerate(marks):
        last.append(mark)
        assert (window.observe(offset, mark) is not None) == (mark and sum(last) > ratio * size)


def test_a_stop_is_read_back() -> None:
    output = stop_output("sluicegate.control", KEY, STOP)
    assert (output.topic, output.key) == ("sluicegate.control", b"sluicegate.echo/sluicegate.echo.requests/3")
    assert unpack_key(output.key) == KEY
    assert unpack(output.value) == STOP


def test_a_group_may_have_slashes() -> None:
    key = StopKey("team/a/scoring", "orders", 12)
    assert unpack_key(key.pack()) == key


def test_a_tombstone_resumes() -> None:
    assert unpack(None) is None
    assert unpack(b'{"stopped": false}') is None


@pytest.mark.parametrize("key", [None, b"", b"a/b", b"a/b/x", b"/b/3", b"a//3", b"a/b/-1", b"\xff\xfe"])
def test_a_foreign_key_is_nobodys_partition(key: bytes | None) -> None:
    assert unpack_key(key) is None


@pytest.mark.parametrize("value", [b"", b"nonsense", b"[]", b'{"stopped": true, "offset": "x"}', b"\xff"])
def test_a_value_that_cannot_be_read_stops_until_somebody_looks(value: bytes) -> None:
    stop = unpack(value)
    assert stop is not None
    assert "cannot be read" in stop.reason
