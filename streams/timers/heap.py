"""Which keys have something due, earliest first. Pure."""

from heapq import heapify, heappop, heappush

SLACK = 1_024


class DueHeap:
    """Each key's due time in milliseconds since 1970, at most one for a key.

    A due time that was set anew or dropped stays in the heap until it comes to the front, or until there are more such
    than true ones: so setting and dropping cost what a push costs.
    """

    def __init__(self) -> None:
        self._due: dict[bytes, int] = {}
        self._heap: list[tuple[int, bytes]] = []

    def __len__(self) -> int:
        return len(self._due)

    def set(self, key: bytes, due_ms: int) -> None:
        """Sets the key's due time, whatever it was before."""
        if self._due.get(key) == due_ms:
            return
        self._due[key] = due_ms
        heappush(self._heap, (due_ms, key))
        if len(self._heap) > 2 * len(self._due) + SLACK:
            self._compact()

    def drop(self, key: bytes) -> None:
        """The key has nothing due any more; one that had nothing is no error."""
        self._due.pop(key, None)

    def earliest(self) -> int | None:
        """The earliest due time, or None."""
        heap, due = self._heap, self._due
        while heap and due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self, until_ms: int, limit: int) -> list[tuple[int, bytes]]:
        """Takes off at most `limit` keys that are due until this time (included), earliest first."""
        taken: list[tuple[int, bytes]] = []
        while len(taken) < limit and (earliest := self.earliest()) is not None and earliest <= until_ms:
            due_ms, key = heappop(self._heap)
            del self._due[key]
            taken.append((due_ms, key))
        return taken

    def _compact(self) -> None:
        self._heap = [(due_ms, key) for key, due_ms in self._due.items()]
        heapify(self._heap)
