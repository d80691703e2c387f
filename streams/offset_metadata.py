"""The text beside a committed offset: `slot=3`, with room for more (`slot=3;done=5-9`).

It says whose transaction committed the offset, so that whoever takes the partition over can end that
worker's open transaction. Other programs write there as they like: what is not ours is read as nothing.
"""

import re

LIMIT_BYTES = 4_096
"""Kafka's default `offset.metadata.max.bytes`; a longer text fails the commit."""

_KEY = re.compile(r"[a-z][a-z0-9_-]*")
_SLOT = re.compile(r"\d{1,9}")


def parse(text: str | None) -> dict[str, str]:
    """The keys and values of a metadata text; parts that are not `key=value` are left out. Never raises."""
    pairs = (part.partition("=") for part in (text or "").split(";"))
    return {key.strip(): value for key, equals, value in pairs if equals and _KEY.fullmatch(key.strip())}


def render(values: dict[str, str]) -> str:
    """The text for these values. Raises ValueError for what could not be read back, or is too long."""
    for key, value in values.items():
        if not _KEY.fullmatch(key) or ";" in value:
            raise ValueError(f"offset metadata {key!r}={value!r}: keys are lower-case words, values without ';'")
    text = ";".join(f"{key}={value}" for key, value in values.items())
    if len(text.encode()) > LIMIT_BYTES:
        raise ValueError(f"offset metadata of {len(text.encode())} bytes: Kafka takes {LIMIT_BYTES}")
    return text


def for_slot(slot: int) -> str:
    """The text that a worker in this slot commits."""
    return f"slot={slot}"


def slot_of(text: str | None) -> int | None:
    """The slot that committed, or None when the text does not say."""
    value = parse(text).get("slot", "").strip()
    return int(value) if _SLOT.fullmatch(value) else None
