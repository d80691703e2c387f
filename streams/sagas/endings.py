"""The ends of sagas, as their histories have them and as they were published. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sagas.events import EventKind, HistoryEvent
from streams.sagas.horizon import Topics

ENDINGS = (EventKind.COMPLETED, EventKind.COMPENSATED, EventKind.ABORTED)
Endings: TypeAlias = defaultdict[tuple[str, int, str], list[int]]
"""When (milliseconds since 1970) a saga's run ended so, as often as that is told."""


def endings_in(histories: Mapping[str, Iterable[HistoryEvent]]) -> Endings:
    """The ends in histories."""
    found: Endings = defaultdict(list)
    for events in histories.values():
        for event in events:
            if event.kind in ENDINGS:
                found[event.saga_id, event.run, event.kind.upper()].append(event.at_ms)
    return found


def published_in(outcomes: Iterable[Mapping[str, Any]]) -> Endings:
    """The ends that were published."""
    found: Endings = defaultdict(list)
    for one in outcomes:
        found[one["saga_id"], one["run"], str(one["status"])].append(one["ended_ms"])
    return found


def too_old(topics: Topics, saga_id: str, ended: Sequence[int], published: Sequence[int]) -> bool:
    """Whether an end that only one side tells of, once, may have been on the other until retention took it."""
    if len(ended) + len(published) != 1:
        return False
    missing = topics.outcomes if ended else topics.history
    return missing.lost(saga_id, (*ended, *published)[0])
