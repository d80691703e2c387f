"""Which texts go through the device together: those of like length, so that little of it is padding."""

from collections.abc import Sequence


def buckets(lengths: Sequence[int], most_tokens: int, most_padding: float) -> list[list[int]]:
    """Rows grouped by length, longest first.

    A bucket's area (its longest row times its rows) is at most `most_tokens`, unless it is a single row, and at most
    the share `most_padding` of its area is padding. Each row is in exactly one bucket.
    """
    groups: list[list[int]] = []
    longest = filled = 0
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        length = lengths[row]
        area = longest * (len(groups[-1]) + 1) if groups else 0
        if groups and area <= most_tokens and area - filled - length <= most_padding * area:
            groups[-1].append(row)
            filled += length
        else:
            groups.append([row])
            longest = filled = length
    return groups
