"""A lane's binding: the names that it reads, answers and remembers under."""

from dataclasses import dataclass

from schemas.topics import requests_topic, results_topic
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Binding:
    """The topics and the consumer group of one lane; `guarded` are others that no client may have its answer on."""

    name: str
    requests: tuple[str, ...]
    results: str
    group: str
    repeats: str
    state: str
    dead_letters: str
    control: str
    guarded: tuple[str, ...] = ()


def bind(settings: Settings, name: str) -> Binding:
    """The binding of a lane: what the settings say, the defaults for the rest."""
    lane = settings.lane(name)
    group = lane.group or f"sluicegate.{name}"
    return Binding(
        name=name,
        requests=lane.requests or (requests_topic(name),),
        results=lane.results or results_topic(name),
        group=group,
        repeats=f"{group}.repeats",
        state=f"{group}.state",
        dead_letters=settings.dead_letters,
        control=settings.control,
        guarded=guarded(settings),
    )


def guarded(settings: Settings) -> tuple[str, ...]:
    """What sagas are read back from: an answer among it would spoil them."""
    sagas = settings.sagas
    return sagas.history, sagas.attention, sagas.orphans, sagas.definitions
