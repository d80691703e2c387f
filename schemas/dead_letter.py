"""A dead letter's headers: Kafka Connect's, so that tools which know those can read ours, beside the original ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.envelope import Header

CONNECT = "__connect.errors."
OURS = "x-sluicegate-"
MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class DeadLetterInfo:
    """Where a dead letter comes from and why it is one; `timestamp` is the original record's, in milliseconds."""

    topic: str
    partition: int
    offset: int
    lane: str
    reason: str
    exception: str
    stage: str
    timestamp: int | None = None


def connect_headers(
    topic: str,
    partition: int,
    offset: int,
    lane: str,
    reason: str,
    exception: type[BaseException] | str,
    stage: str,
    headers: Sequence[Header] | None,
    *,
    timestamp: int | None = None,
) -> list[Header]:
    """The headers of the dead letter of the record at this place: the original ones, untouched, then ours.

    `reason` is cut at MAX_TEXT characters. The record's timestamp is kept here, as its dead letter has its own.
    """
    name = exception if isinstance(exception, str) else f"{exception.__module__}.{exception.__qualname__}"
    reason = reason if len(reason) <= MAX_TEXT else reason[: MAX_TEXT - 1] + "…"
    texts = {
        f"{CONNECT}topic": topic,
        f"{CONNECT}partition": str(partition),
        f"{CONNECT}offset": str(offset),
        f"{CONNECT}connector.name": lane,
        f"{CONNECT}task.id": "0",
        f"{CONNECT}stage": stage,
        f"{CONNECT}class.name": "schemas.codec.Codec",
        f"{CONNECT}exception.class.name": name,
        f"{CONNECT}exception.message": reason,
        f"{CONNECT}exception.stacktrace": f"{name}: {reason}",
        f"{OURS}lane": lane,
    }
    if timestamp is not None:
        texts[f"{OURS}timestamp"] = str(timestamp)
    return [*(headers or ()), *((key, text.encode("utf-8", "replace")) for key, text in texts.items())]


def parse(headers: Iterable[Header] | None) -> DeadLetterInfo | None:
    """What a dead letter's headers say, or None where they are not a dead letter's.

    Of repeated headers the last counts: a dead letter that was sent again and failed again has two sets.
    """
    texts = {name: value.decode("utf-8", "replace") for name, value in headers or () if value is not None}
    try:
        return DeadLetterInfo(
            topic=texts[f"{CONNECT}topic"],
            partition=int(texts[f"{CONNECT}partition"]),
            offset=int(texts[f"{CONNECT}offset"]),
            lane=texts.get(f"{OURS}lane", texts.get(f"{CONNECT}connector.name", "")),
            reason=texts.get(f"{CONNECT}exception.message", ""),
            exception=texts.get(f"{CONNECT}exception.class.name", ""),
            stage=texts.get(f"{CONNECT}stage", ""),
            timestamp=int(texts[f"{OURS}timestamp"]) if f"{OURS}timestamp" in texts else None,
        )
    except (KeyError, ValueError):
        return None


def original_headers(headers: Iterable[Header] | None) -> list[Header]:
    """The headers as the record's sender gave them: what a replay sends."""
    ours = (CONNECT, f"{OURS}lane", f"{OURS}timestamp")
    return [(name, value) for name, value in headers or () if not name.startswith(ours)]
