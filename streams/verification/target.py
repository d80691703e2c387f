"""What to verify, as a person names it: a lane of the settings, or topics of any name."""

from dataclasses import dataclass

from streams.binding import bind
from streams.lane_kind import LaneKind
from streams.mistake import UserMistake
from streams.settings import Guarantee, Settings
from streams.verification.twins import Memory


@dataclass(frozen=True, slots=True)
class Road:
    """A request topic, and where its requests are answered, or buried."""

    requests: str
    results: str
    dead_letters: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The topics, the group whose commits say what is settled (None: everything is), and what was promised."""

    roads: tuple[Road, ...]
    group: str | None = None
    lane: str | None = None
    guarantee: Guarantee = "exactly-once"
    memory: Memory | None = None


def lane_target(settings: Settings, kind: LaneKind) -> Target:
    """A lane's own topics. Raises UserMistake for sagas, whose inbox answers nobody."""
    if kind.several:
        raise UserMistake(f"lane {kind.name} takes replies and signals too: `sluicegate saga verify` proves it")
    binding, lane = bind(settings, kind.name), settings.lane(kind.name)
    repeats = lane.repeats
    return Target(
        roads=tuple(
            Road(topic, binding.results_of(topic), binding.dead_letters_of(topic)) for topic in binding.requests
        ),
        group=binding.group,
        lane=kind.name,
        guarantee=lane.guarantee,
        memory=Memory(repeats.entries, repeats.bytes, repeats.retention_seconds * 1_000) if kind.remembers else None,
    )
