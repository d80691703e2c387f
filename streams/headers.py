"""The headers of a message as the client library hands them out, whose names may be no text.

A name whose bytes are no UTF-8 leaves confluent-kafka with an exception that it set and does not raise: it comes out of
whatever is called next, and the list that was returned has a hole. So its method is called through C, where that is
noticed at once, and never again for the same message.
"""

from collections.abc import Iterable
from operator import methodcaller
from typing import Any, TypeAlias

from schemas.envelope import Header
from schemas.errors import Unreadable

Headers: TypeAlias = list[Header]

_read = methodcaller("headers")
STAGE = "HEADER_CONVERTER"


def headers_of(message: Any) -> Headers | None:
    """The headers, or None; call it once for a message. Raises Unreadable for a name that is no UTF-8."""
    try:
        headers: Headers | None = _read(message)
    except (SystemError, UnicodeDecodeError) as error:
        raise Unreadable("the name of a header is no UTF-8, so its headers can't be read", STAGE) from error
    return headers


def headers_or_none(message: Any) -> Headers:
    """The headers; none where a name is no UTF-8."""
    try:
        return headers_of(message) or []
    except Unreadable:
        return []


def size_of(headers: Iterable[Header]) -> int:
    """How many bytes the headers have."""
    return sum(len(name) + len(value or b"") for name, value in headers)
