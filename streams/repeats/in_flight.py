"""Requests whose answer is not known yet, so that a twin waits instead of being inferred as well.

Twins form a chain: the second waits for the first, the third for the second. When one fails in a way that is
worth trying again, only the next becomes a new request, and the others still wait.
"""

from collections.abc import Callable
from typing import Any


class InFlight:
    """The requests in flight of one partition: for each id digest, the last of its chain.

    A member is whatever the caller keeps of a request; the index only hands it back. Members of one chain
    have one payload: another payload is a conflict, which is answered at once and does not enter.
    """

    __slots__ = ("_last", "get")

    def __init__(self) -> None:
        self._last: dict[bytes, Any] = {}
        self.get: Callable[[bytes], Any | None] = self._last.get
        """The member that a new request of this id would wait for, or None. The dict's own: asked for each record."""

    def __len__(self) -> int:
        """How many ids are in flight."""
        return len(self._last)

    def enter(self, id_digest: bytes, member: Any) -> Any | None:
        """Makes `member` the one that the next twin waits for; returns its own predecessor, if any."""
        earlier = self._last.get(id_digest)
        self._last[id_digest] = member
        return earlier

    def leave(self, id_digest: bytes, member: Any) -> None:
        """Ends a member's flight, its answer being committed; a chain with a later member lives on."""
        if self._last.get(id_digest) is member:
            del self._last[id_digest]

    def clear(self) -> None:
        """Forgets all: the flight was aborted, and its requests will be read again."""
        self._last.clear()
