"""The topics that lanes need, with every size and every retention said."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.binding import Binding, bind
from streams.lane_kind import LaneKind
from streams.settings import Section, Settings

REPEATS_ROOM = 65_536
CONTROL_BYTES = 65_536
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it should be.

    `like` names topics whose partition count it must share (the greatest of them), where those exist with another
    count than `partitions`; `exact`: another count than wanted is refused. `bound`: the user's own topic, made only
    when it is missing, and never changed.
    """

    name: str
    purpose: str
    partitions: int
    replication: int
    config: dict[str, str]
    like: tuple[str, ...] = ()
    exact: bool = True
    bound: bool = False


@dataclass(slots=True)
class Shelf:
    """Collects topics; one that several lanes share is kept once."""

    settings: Settings
    topics: dict[str, Topic] = field(default_factory=dict)

    def add(
        self,
        name: str,
        purpose: str,
        config: dict[str, str],
        *,
        partitions: int | None = None,
        like: tuple[str, ...] = (),
        exact: bool = True,
        bound: bool = False,
    ) -> None:
        """Adds a topic with the settings' partitions (unless given) and replication."""
        sizes = self.settings.topics
        replicas = {"min.insync.replicas": str(max(1, sizes.replication - 1))}
        number = sizes.partitions if partitions is None else partitions
        topic = Topic(name, purpose, number, sizes.replication, {**config, **replicas}, like, exact, bound)
        self.topics.setdefault(name, topic)


def topics_for(
    settings: Settings, names: list[str], stateful: frozenset[str] = frozenset(), kinds: Sequence[LaneKind] = ()
) -> list[Topic]:
    """All topics for these lanes, requests first; `stateful` names the lanes that keep state.

    `kinds` are those of the lanes that the catalogue has: they say what else is needed.
    """
    shelf = Shelf(settings)
    forgetful = {kind.name for kind in kinds if not kind.remembers}
    for name in names:
        add_lane(shelf, bind(settings, name), stateful=name in stateful, remembers=name not in forgetful)
    for kind in kinds:
        if kind.topics is not None:
            kind.topics(shelf)
    add_shared(shelf, settings)
    return list(shelf.topics.values())


def add_lane(shelf: Shelf, binding: Binding, *, stateful: bool, remembers: bool = True) -> None:
    """A lane's own topics."""
    settings, lane = shelf.settings, shelf.settings.lane(binding.name)
    sizes = settings.topics
    of = f"of {binding.name}"
    kept = kept_for(sizes.retention_hours * HOUR_MS, sizes.max_message_bytes)
    for topic in binding.requests:
        config = {**kept, "compression.type": sizes.request_compression}
        shelf.add(topic, f"requests {of}", config, bound=topic in lane.requests)
    produced = {"compression.type": "producer"}
    like = binding.requests
    bound = lane.results is not None
    shelf.add(binding.results, f"results {of}", {**kept, **produced}, like=like, exact=False, bound=bound)
    for counter in binding.counters.values():
        own = (counter.requests,)
        shelf.add(counter.results, f"results {of}", {**kept, **produced}, like=own, exact=False)
        add_letters(shelf, counter.dead_letters)
    if remembers and lane.repeats.entries > 0 and lane.repeats.retention_seconds > 0:
        config = kept_for(lane.repeats.retention_seconds * 1_000, sizes.max_message_bytes + REPEATS_ROOM)
        shelf.add(binding.repeats, f"answers {of}, for repeats", {**config, **produced}, like=like)
    if stateful:
        config = compacted(sizes.max_message_bytes)
        shelf.add(binding.state, f"state {of}", {**config, **produced}, like=like)


def add_shared(shelf: Shelf, settings: Settings) -> None:
    """The topics that all lanes share."""
    add_letters(shelf, settings.dead_letters, bound=is_set(settings, "dead_letters"))
    shelf.add(
        settings.control,
        "partitions that are stopped",
        {**compacted(CONTROL_BYTES), "compression.type": "producer"},
        partitions=1,
        exact=False,
        bound=is_set(settings, "control"),
    )


def add_letters(shelf: Shelf, name: str, *, bound: bool = False) -> None:
    """A topic of dead letters."""
    sizes = shelf.settings.topics
    letters = kept_for(sizes.retention_hours * HOUR_MS, sizes.dead_letter_max_message_bytes)
    config = {**letters, "compression.type": "producer"}
    shelf.add(name, "records that could not be read", config, exact=False, bound=bound)


def is_set(settings: Settings | Section, name: str) -> bool:
    """Whether the user chose this topic."""
    return bool(getattr(settings, name) != type(settings).model_fields[name].default)


def kept_for(milliseconds: float, max_bytes: int) -> dict[str, str]:
    """Settings of a topic whose records are dropped after a time.

    Kafka drops whole segments: one of at most a quarter of the retention makes a short retention true.
    """
    segment = min(7 * 24 * HOUR_MS, max(60_000, int(milliseconds) // 4))
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(int(milliseconds)),
        "segment.ms": str(segment),
        "max.message.bytes": str(max_bytes),
    }


def compacted(max_bytes: int) -> dict[str, str]:
    """Settings of a topic that keeps the last record of each key for ever."""
    return {"cleanup.policy": "compact", "max.message.bytes": str(max_bytes)}
