"""Spans of time as people write them: `500ms`, `30s`, `5m`, `24h`, `7d`."""

import re
from datetime import UTC, datetime

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def milliseconds(text: str) -> int:
    """A span in milliseconds. Raises ValueError, which names the units, for anything else than a number and a unit."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no span of time; write a number and one of ms, s, m, h, d: 500ms, 24h")
    return round(float(match[1]) * UNITS[match[2]])


def moment(text: str, now: int) -> int:
    """A point in time in milliseconds since 1970: a span before `now`, or an ISO date (UTC unless it says otherwise).

    Raises ValueError for what is neither.
    """
    if _SPAN.fullmatch(text.strip()):
        return now - milliseconds(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a span (30m, 24h, 7d) nor a date (2026-11-21T10:00)") from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return round(parsed.timestamp() * 1_000)


def iso(timestamp: int) -> str:
    """A Kafka timestamp (milliseconds since 1970) as ISO 8601 in UTC; the empty text for a record without one."""
    if timestamp < 0:
        return ""
    return datetime.fromtimestamp(timestamp / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def spoken(span: int) -> str:
    """A span of milliseconds for people, in its largest fitting unit: `3.2s`, `5m`, `2d`."""
    for unit in ("d", "h", "m", "s"):
        if span >= UNITS[unit]:
            return f"{span / UNITS[unit]:.1f}".removesuffix(".0") + unit
    return f"{span}ms"
