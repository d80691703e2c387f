"""When two inputs say the same: replies of one participant to one attempt, and signals of one name."""

from sagas.events import EventKind, HistoryEvent
from sagas.inputs import Command, CommandKind, Input, Reply

NOTED = (EventKind.LATE_REPLY,)
Subject = tuple[object, ...]


def subject_of(given: Input) -> Subject | None:
    """What an input says; None for those that may say the same again and mean it."""
    if isinstance(given, Reply):
        return (given.key, given.attempt, given.status, given.code, given.type_name)
    if isinstance(given, Command) and given.kind is CommandKind.SIGNAL:
        return (given.kind, given.step)
    return None


def counts(event: HistoryEvent) -> bool:
    """Whether an event means that its input did something; a reply that the saga's code failed on is wanted again."""
    stalls = event.kind in (EventKind.STEP_FAILED, EventKind.PARKED) and "answered" not in event.body
    return event.kind not in NOTED and not stalls
