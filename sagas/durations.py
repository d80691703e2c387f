"""Spans of time in milliseconds, as policies want them."""


def seconds(count: float) -> int:
    """So many seconds."""
    return round(count * 1_000)


def minutes(count: float) -> int:
    """So many minutes."""
    return round(count * 60_000)


def hours(count: float) -> int:
    """So many hours."""
    return round(count * 3_600_000)


def days(count: float) -> int:
    """So many days."""
    return round(count * 86_400_000)
