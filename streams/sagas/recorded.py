"""Recorded lives from the topic of histories, to be led again with another definition."""

from collections.abc import Iterable, Mapping
from itertools import dropwhile

from sagas.events import EventKind, HistoryEvent
from streams.client.connection import open_registry
from streams.sagas.reading import SagaReader
from streams.settings import Settings


def histories_of(settings: Settings, saga: str) -> dict[str, list[HistoryEvent]]:
    """What happened so far to each saga of this name, of any version, by id: each is what `sagas.testing.replay` takes.

    Blocks; raises the client's errors. All of it is held in memory.
    """
    registry = open_registry(settings)
    try:
        return lives(SagaReader(settings, registry).histories(), saga)
    finally:
        registry.close()


def lives(histories: Mapping[str, Iterable[HistoryEvent]], saga: str) -> dict[str, list[HistoryEvent]]:
    """Those of this name, each from its first start that is there: before it, nothing is known of its data."""
    own = {name: [event for event in events if event.saga == saga] for name, events in histories.items()}
    begun = {name: list(dropwhile(lambda event: event.kind is not EventKind.STARTED, own[name])) for name in own}
    return {name: events for name, events in begun.items() if events}
