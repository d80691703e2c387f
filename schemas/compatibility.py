"""Which compatibility each kind of topic needs, whether the registry has it, and how to get there.

Follows who is upgraded first: workers before their clients, so requests are BACKWARD and results FORWARD; what is
read back for ever is FULL_TRANSITIVE. A registry whose default is NONE (Apicurio's) checks nothing until told.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.errors import SchemaIncompatible, SchemaUnsafe
from schemas.evolution import Level, problems
from schemas.registry import Registry
from schemas.subjects import subject
from schemas.topics import requests_topic, results_topic

AT_ONCE = 8
"""Questions that are under way at the registry."""


class Kind(StrEnum):
    """What a topic carries."""

    REQUESTS = "requests"
    RESULTS = "results"
    STATE = "state"

    @property
    def level(self) -> Level:
        """The least compatibility that such a topic's subjects must have."""
        return {Kind.REQUESTS: Level.BACKWARD, Kind.RESULTS: Level.FORWARD, Kind.STATE: Level.FULL_TRANSITIVE}[self]


@dataclass(frozen=True, slots=True)
class Registration:
    """A schema that must be in the registry."""

    subject: str
    schema: AvroSchema
    kind: Kind


class Status(StrEnum):
    """What was found about one registration."""

    OK = "ok"
    UNREGISTERED = "not registered"
    INCOMPATIBLE = "incompatible"
    UNGUARDED = "compatibility not set"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `message` says what, and what cures it."""

    subject: str
    status: Status
    message: str

    @property
    def ok(self) -> bool:
        """Whether nothing needs to be done."""
        return self.status is Status.OK


@dataclass(frozen=True, slots=True)
class Step:
    """One change: a level to set on a subject, or a schema to register under it."""

    subject: str
    level: Level | None = None
    schema: AvroSchema | None = None

    @property
    def text(self) -> str:
        """The step in words."""
        if self.schema is not None:
            return f"register {self.schema.name} under {self.subject}"
        return f"set the compatibility of {self.subject} to {self.level}"


def registrations(processor: str, requests: Sequence[str] = (), results: str | None = None) -> list[Registration]:
    """What a processor's lane needs, bound to these topics or to the default ones; raises Misconfigured."""
    topics = tuple(requests) or (requests_topic(processor),)
    request, result = avsc.load(processor, "request"), avsc.load(processor, "result")
    return [
        *(Registration(subject(topic), request, Kind.REQUESTS) for topic in topics),
        Registration(subject(results or results_topic(processor)), result, Kind.RESULTS),
    ]


def check(registry: Registry, wanted: Sequence[Registration]) -> list[Finding]:
    """At least one finding for each registration, in order; changes nothing. Blocks; raises RegistryUnavailable.

    Several are asked for at once: a worker that begins again waits for nothing longer than for the registry.
    """
    with ThreadPoolExecutor(AT_ONCE) as asking:
        found = asking.map(lambda one: _check(registry, one), wanted)
        return [finding for findings in found for finding in findings]


def plan(registry: Registry | None, wanted: Sequence[Registration]) -> list[Step]:
    """The steps that `apply` would take; without a registry, all that an empty one would need. Changes nothing."""
    steps: list[Step] = []
    for registration in wanted:
        if registry is None or not _guards(registry.compatibility(registration.subject), registration):
            steps.append(Step(registration.subject, level=registration.kind.level))
        if registry is None or registry.find_id(registration.subject, registration.schema) is None:
            steps.append(Step(registration.subject, schema=registration.schema))
    return steps


def apply(registry: Registry, wanted: Sequence[Registration]) -> list[Step]:
    """Takes the planned steps and returns them; safe to repeat. Blocks.

    Raises SchemaIncompatible, before any change, when a schema may not follow what is registered.
    """
    refused = [finding for finding in check(registry, wanted) if finding.status is Status.INCOMPATIBLE]
    if refused:
        raise SchemaIncompatible("; ".join(f"{finding.subject}: {finding.message}" for finding in refused))
    steps = plan(registry, wanted)
    for step in steps:
        if step.schema is not None:
            registry.register(step.subject, step.schema)
        elif step.level is not None:
            registry.set_compatibility(step.subject, step.level)
    return steps


def _check(registry: Registry, registration: Registration) -> list[Finding]:
    name, level = registration.subject, registration.kind.level
    found: list[Finding] = []
    if registry.find_id(name, registration.schema) is None:
        found.append(_unregistered(registry, registration))
    current = registry.compatibility(name)
    if not _guards(current, registration):
        message = (
            f"compatibility is {current or 'not set'}, and {registration.kind} need {level}: "
            "run `sluicegate schemas apply`"
        )
        found.append(Finding(name, Status.UNGUARDED, message))
    return found or [Finding(name, Status.OK, f"{registration.schema.name}, {current}")]


def _unregistered(registry: Registry, registration: Registration) -> Finding:
    level = registration.kind.level
    try:
        earlier = registry.versions(registration.subject, latest=not level.transitive)
        reasons = problems(registration.schema, earlier, level)
    except SchemaUnsafe as error:
        reasons = [f"a registered version can't be compared: {error}"]
    if not reasons:
        message = f"{registration.schema.name} is not registered: run `sluicegate schemas apply`"
        return Finding(registration.subject, Status.UNREGISTERED, message)
    message = f"{registration.schema.name} may not follow what is registered ({level}): {'; '.join(reasons)}"
    return Finding(registration.subject, Status.INCOMPATIBLE, message)


def _guards(current: str | None, registration: Registration) -> bool:
    """Whether a subject's level demands at least what the kind of topic needs; a stricter one is left alone."""
    if current is None or current not in Level.__members__:
        return False
    return Level(current).demands >= registration.kind.level.demands
