"""Headers and a value as one run of bytes, so that both can be spoilt at once: any bytes are some headers and a value.

number of headers 1 | for each: its name's number 1 | length 1 (255: none) | value | then the record's value
"""

from collections.abc import Sequence

from schemas.dead_letter import CONNECT, OURS
from schemas.envelope import Header

NAMES = (
    "deadline", "reply-to", "reply-key", "content-type", "ce_id", "traceparent", "x-mine", "correlation-id", "other",
    "", f"{CONNECT}topic", f"{CONNECT}partition", f"{CONNECT}offset", f"{CONNECT}exception.message",
    f"{OURS}timestamp", f"{OURS}lane", f"{OURS}omitted", f"{OURS}replayed", "x-saga-id", "x-saga-run", "x-saga-attempt",
)  # fmt: skip
NONE = 255


def join(headers: Sequence[Header], value: bytes) -> bytes:
    """The bytes; a header's name must be one of NAMES, its value shorter than 255."""
    parts = [bytes([len(headers)])]
    for name, text in headers:
        parts += [bytes([NAMES.index(name), NONE if text is None else len(text)]), text or b""]
    return b"".join(parts) + value


def split(data: bytes) -> tuple[list[Header], bytes]:
    """The headers and the value of any bytes."""
    headers: list[Header] = []
    count, at = (data[0] if data else 0), 1
    for _ in range(count):
        if at + 2 > len(data):
            break
        name, length = NAMES[data[at] % len(NAMES)], data[at + 1]
        at += 2
        text = None if length == NONE else data[at : at + length]
        at += len(text or b"")
        headers.append((name, text))
    return headers, data[at:]
