"""Whether an index holds the documents that sagas put there for good, and none that they took back. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sagas.events import EventKind, HistoryEvent
from streams.sagas.endings import ENDINGS
from streams.sagas.verifying import Finding

DONE = (EventKind.STEP_DONE, EventKind.STEP_UPGRADED)


@dataclass(frozen=True, slots=True)
class Shelves:
    """An index's `documents`, each with the key of its PUT, and what was asked of the index.

    `puts` are the documents of sagas' PUTs by their key; `removed` those that somebody asked to delete, whoever put
    them: nobody can say whether they must be there.
    """

    documents: Mapping[str, str]
    puts: Mapping[str, str]
    removed: frozenset[str]


class Put(NamedTuple):
    """A saga's step as its history has it: how its run ended, if it has, and whether the step was done."""

    saga_id: str
    ending: EventKind | None
    done: bool


def documents_are_those_of_completed_sagas(
    histories: Mapping[str, Iterable[HistoryEvent]], shelves: Shelves
) -> Iterator[Finding]:
    """What a completed saga put is there, as that saga put it; what a compensated one put is not."""
    found = {key: put for events in histories.values() for key, put in puts_of(events).items()}
    for key, document in shelves.puts.items():
        put, owner = found.get(key), shelves.documents.get(document)
        if put is None or put.ending is not EventKind.COMPLETED or not put.done or document in shelves.removed:
            continue
        if owner != key:
            said = "is not in the index" if owner is None else f"was put by another request, {owner}"
            yield Finding(put.saga_id, "index", f"it is completed, and its document {document!r} {said}")
    for document, key in shelves.documents.items():
        put = found.get(key)
        if put is not None and put.ending is EventKind.COMPENSATED:
            yield Finding(put.saga_id, "index", f"it is compensated, and its document {document!r} is in the index")


def puts_of(events: Iterable[HistoryEvent]) -> dict[str, Put]:
    """The commands of a saga's history, by their keys; of a PUT or of whatever else."""
    steps: dict[tuple[int, str], str] = {}
    done: set[tuple[int, str]] = set()
    endings: dict[int, EventKind] = {}
    saga_id = ""
    for event in events:
        saga_id, place = event.saga_id, (event.run, event.step)
        if event.kind is EventKind.STEP_SENT:
            steps[place] = str(event.body["key"])
        elif event.kind in DONE:
            done.add(place)
        elif event.kind in ENDINGS:
            endings[event.run] = event.kind
    return {key: Put(saga_id, endings.get(place[0]), place in done) for place, key in steps.items()}
