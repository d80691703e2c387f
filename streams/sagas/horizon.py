"""From when on a topic of sagas is whole, once retention took its oldest records. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sagas.errors import HistoryError
from sagas.events import EventKind, HistoryEvent
from sagas.instance import Instance
from schemas.partitioner import partition_for

CLOCKS_MS = 60_000
"""How far a record's time and the time that it tells of may lie apart: workers' clocks differ."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """What a topic keyed by saga still holds; as it is made by default, everything.

    `since_ms` has the partitions that lost records, with the time (milliseconds since 1970) of the first that is left;
    infinite where none is left.
    """

    partitions: int = 1
    since_ms: Mapping[int, float] = field(default_factory=dict)

    def lost(self, saga_id: str, at_ms: float) -> bool:
        """Whether what was written of a saga at this time may be gone."""
        edge = self.since_ms.get(partition_for(saga_id.encode(), self.partitions))
        return edge is not None and at_ms <= edge + CLOCKS_MS


@dataclass(frozen=True, slots=True)
class Topics:
    """How far back the topics reach."""

    history: Horizon = Horizon()
    outcomes: Horizon = Horizon()


def cut(events: Sequence[HistoryEvent], kept: Instance | None, horizon: Horizon) -> int:
    """How many events at a history's beginning belong to a run whose start is gone; 0 where none can be.

    A saga that is kept says when it was started: its start is gone only if that is so long ago.
    """
    first = events[0]
    began_ms = kept.started_ms if kept is not None and kept.run == first.run else -1
    if first.kind is EventKind.STARTED or not horizon.lost(first.saga_id, began_ms):
        return 0
    return next((number for number, event in enumerate(events) if event.kind is EventKind.STARTED), len(events))


def gaps(rest: Sequence[HistoryEvent]) -> Iterator[HistoryError]:
    """Where the rest of a run, without its start, is not numbered as it must be."""
    for before, event in pairwise(rest):
        if (event.run, event.seq) != (before.run, before.seq + 1) or before.kind is EventKind.FORGOTTEN:
            place = f"event {event.seq} ({event.kind}) of saga {event.saga_id!r}, run {event.run}"
            yield HistoryError(f"{place} follows event {before.seq} ({before.kind}) of run {before.run}")


def is_rest_of(kept: Instance | None, last: HistoryEvent) -> bool:
    """Whether a saga is kept as the last event of its history left it, as far as that event alone can say."""
    if kept is None:
        return last.kind is EventKind.FORGOTTEN
    return (kept.run, kept.seq) == (last.run, last.seq)
