"""Spans and moments as people write them."""

import pytest

from streams.client.durations import iso, milliseconds, moment, spoken


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 500), ("2s", 2_000), ("1.5m", 90_000), ("24h", 86_400_000), ("7 d", 604_800_000)],
)
def test_a_span_is_a_number_and_a_unit(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "h", "5 weeks", "-5s", "1h30m"])
def test_anything_else_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(ValueError, match="ms, s, m, h, d"):
        milliseconds(text)


def test_a_moment_is_a_span_ago_or_a_date() -> None:
    assert moment("1m", now=100_000) == 40_000
    assert moment("1970-01-01T00:01", now=0) == 60_000
    assert moment("1970-01-01T01:00+01:00", now=0) == 0


def test_what_is_neither_span_nor_date_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a span"):
        moment("yesterday", now=0)


def test_timestamps_are_shown_in_utc_and_missing_ones_as_nothing() -> None:
    assert iso(1_500) == "1970-01-01T00:00:01.500Z"
    assert iso(-1) == ""


@pytest.mark.parametrize(
    ("span", "text"), [(5, "5ms"), (3_200, "3.2s"), (60_000, "1m"), (7_200_000, "2h"), (172_800_000, "2d")]
)
def test_a_span_is_spoken_in_its_largest_unit(span: int, text: str) -> None:
    assert spoken(span) == text
