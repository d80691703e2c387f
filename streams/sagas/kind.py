"""The lane of sagas as everybody but its worker knows it: its topics, its schemas, who may do what."""

from typing import TYPE_CHECKING

from sagas.wire.messages import LANE, SagaCommand
from sagas.wire.schema import schema
from schemas import avsc
from schemas.compatibility import Kind, Registration
from schemas.subjects import subject
from streams.binding import bind
from streams.lane_kind import LaneKind
from streams.provisioning.topics import HOUR_MS, Shelf, compacted, is_set, kept_for
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.definition import LaneDefinition
    from streams.provisioning.permissions import Permission


def define(settings: Settings) -> "LaneDefinition":
    """The worker's definition, with all sagas of the catalogue. Raises DefinitionError for a faulty one."""
    # Imported late: whoever only lists the lanes needs neither the engine nor the sagas.
    from streams.sagas.lane import saga_lane

    return saga_lane(settings)


def registrations(settings: Settings) -> list[Registration]:
    """Every record type of every topic of sagas, under `<topic>-<record>`; replies are what other lanes answer."""
    binding, topics = bind(settings, LANE), settings.sagas
    (inbox, *_), replies = binding.requests, [avsc.load(lane, "result") for lane in avsc.lanes() if lane != LANE]
    own = [
        (inbox, "request", Kind.REQUESTS),
        (binding.results, "result", Kind.RESULTS),
        (binding.results, "outcome", Kind.RESULTS),
        (topics.history, "history", Kind.STATE),
        (topics.attention, "attention", Kind.STATE),
        (topics.definitions, "definition", Kind.STATE),
        (binding.state, "instance", Kind.STATE),
    ]
    found = [Registration(subject(topic, schema(name).name), schema(name), kind) for topic, name, kind in own]
    return found + [Registration(subject(inbox, reply.name), reply, Kind.RESULTS) for reply in replies]


def topics(shelf: Shelf) -> None:
    """The topics beside inbox, outcomes and state."""
    settings, sizes = shelf.settings, shelf.settings.topics
    named, like, largest = settings.sagas, bind(settings, LANE).requests, sizes.max_message_bytes
    produced = {"compression.type": "producer"}
    history = {**kept_for(named.history_hours * HOUR_MS, largest), "compression.type": "uncompressed"}
    shelf.add(
        named.history, "what happened to each saga", history, like=like, exact=False, bound=is_set(named, "history")
    )
    orphans = kept_for(sizes.retention_hours * HOUR_MS, sizes.dead_letter_max_message_bytes)
    shelf.add(
        named.orphans, "replies that no saga waits for", {**orphans, **produced}, like=like, exact=False,
        bound=is_set(named, "orphans"),
    )  # fmt: skip
    shelf.add(
        named.attention, "sagas that wait for a person", {**compacted(largest), **produced}, like=like, exact=False,
        bound=is_set(named, "attention"),
    )  # fmt: skip
    shelf.add(
        named.definitions, "released definitions", {**compacted(largest), **produced}, partitions=1, exact=False,
        bound=is_set(named, "definitions"),
    )  # fmt: skip


def permissions(settings: Settings) -> list["Permission"]:
    """Who needs what beside what every lane needs; a participant is a worker that answers into the inbox."""
    # Imported late: it knows the client, which knows the lanes.
    from streams.provisioning.permissions import ANSWERING, CLIENT, OPERATOR, ORCHESTRATOR, OWNING, READING, WORKER
    from streams.provisioning.permissions import Permission as Granted

    binding, named = bind(settings, LANE), settings.sagas
    found = []
    for topic in (named.history, named.attention, named.orphans, named.definitions):
        found.append(Granted(ORCHESTRATOR, "topic", topic, OWNING))
        found += [Granted(role, "topic", topic, READING) for role in (CLIENT, OPERATOR)]
    found.append(Granted(OPERATOR, "topic", binding.state, READING))
    found += [Granted(WORKER, "topic", inbox, ANSWERING) for inbox in binding.requests]
    for lane in avsc.lanes():
        wanted = bind(settings, lane)
        commanded = [topic for topic in wanted.requests if topic not in wanted.counters]
        found += [Granted(ORCHESTRATOR, "topic", one, ANSWERING) for one in commanded]
    return found


SAGAS = LaneKind(
    LANE,
    SagaCommand,
    define,
    stateful=True,
    key_field="saga_id",
    remembers=False,
    several=True,
    registrations=registrations,
    topics=topics,
    permissions=permissions,
)
