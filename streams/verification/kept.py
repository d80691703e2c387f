"""What an answer topic still has, and from which request on a missing answer can't have been deleted from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

CLOCKS_MS = 60_000
"""How far the clock of whoever sent a request may be ahead of the worker's that answered it."""

Since = Callable[[int, int], int]
"""The first offset of a numbered request partition that is not older than a time; its end if there is none."""


@dataclass(slots=True)
class Kept:
    """One partition of a topic with answers.

    `trimmed` says that it has lost its oldest records, `thinned` that compaction takes any of them. `oldest` is when
    the first one kept was written (milliseconds since 1970), `first` the first answer kept to each request partition,
    by the request's offset.
    """

    trimmed: bool
    thinned: bool = False
    oldest: int | None = None
    first: dict[int, int] = field(default_factory=dict)

    def note(self, timestamp: int) -> None:
        """A record was read."""
        if self.oldest is None:
            self.oldest = timestamp

    def horizon(self, partition: int, since: Since, end: int) -> int:
        """The first offset of a request partition whose answer can't have been deleted here.

        Answers come in the order of their requests, so those that were deleted are to requests before the first one
        that is kept; and to requests that were sent before the oldest record was written.
        """
        if self.thinned:
            return end
        if not self.trimmed:
            return 0
        by_time = end if self.oldest is None else since(partition, self.oldest + CLOCKS_MS)
        return min(by_time, self.first.get(partition, end))


def horizon(parts: Iterable[Kept], partition: int, since: Since, end: int) -> int:
    """The same for a whole topic: an answer may have been in any of its partitions."""
    return max((part.horizon(partition, since, end) for part in parts), default=end)
