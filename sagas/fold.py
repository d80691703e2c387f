"""A saga's state from its history: for checkers, for repairs, and for whoever wants to know how it stood at a time."""

from collections.abc import Iterable

from sagas.apply import apply
from sagas.errors import HistoryError
from sagas.events import EventKind, HistoryEvent
from sagas.instance import Instance


def fold(events: Iterable[HistoryEvent]) -> Instance | None:
    """The saga after these events of its history, from its start on; None before the first and once it is forgotten.

    A history may hold several runs of one id, one after the other. Raises HistoryError for a gap, a repetition, or an
    event of another saga.
    """
    instance: Instance | None = None
    for event in events:
        _follows(instance, event)
        instance = apply(instance, event)
    return instance


def _follows(instance: Instance | None, event: HistoryEvent) -> None:
    place = f"event {event.seq} ({event.kind}) of saga {event.saga_id!r}, run {event.run}"
    begins = event.kind is EventKind.STARTED
    if begins != (instance is None):
        raise HistoryError(
            f"{place} {'comes within a run' if begins else 'comes before a start'}: read it all, in order"
        )
    if begins and event.seq != 0:
        raise HistoryError(f"{place} starts a run, whose first event must have number 0")
    if instance is None:
        return
    if (instance.saga_id, instance.run) != (event.saga_id, event.run):
        raise HistoryError(f"{place} is none of saga {instance.saga_id!r}, run {instance.run}: fold one saga at a time")
    if event.seq != instance.seq + 1:
        raise HistoryError(f"{place} follows event {instance.seq}: one is missing, or given twice")
