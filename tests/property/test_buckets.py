"""Length buckets: every row once, bounded areas, little padding."""

from hypothesis import given
from hypothesis import strategies as st

from processors.embed.buckets import buckets


@given(st.lists(st.integers(1, 256), max_size=300), st.integers(1, 4_096), st.floats(0, 1))
def test_each_row_is_in_one_bucket_whose_area_and_padding_are_bounded(
    lengths: list[int], most_tokens: int, most_padding: float
) -> None:
    groups = buckets(lengths, most_tokens, most_padding)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    for group in groups:
        longest, filled = max(lengths[row] for row in group), sum(lengths[row] for row in group)
        area = longest * len(group)
        assert len(group) == 1 or area <= most_tokens
        assert area - filled <= most_padding * area


@given(st.integers(1, 256), st.integers(1, 100))
def test_rows_of_one_length_share_a_bucket_while_there_is_room(length: int, count: int) -> None:
    assert len(buckets([length] * count, length * count, 0.0)) == 1
