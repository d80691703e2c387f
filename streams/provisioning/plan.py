"""The plan: a pure function of settings and lanes, for reading and for making."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.avsc import load
from schemas.compatibility import Kind, Registration, plan, registrations
from schemas.errors import Misconfigured
from schemas.subjects import subject
from schemas.topics import name_problem
from streams.binding import Binding, bind
from streams.lanes import catalogue, stateful_among
from streams.provisioning.permissions import Permission, permissions_for
from streams.provisioning.topics import Topic, topics_for
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """All that some lanes need of a cluster and of a registry."""

    bindings: tuple[Binding, ...]
    topics: tuple[Topic, ...]
    permissions: tuple[Permission, ...]
    registrations: tuple[Registration, ...]
    bootstrap_servers: str

    def as_json(self) -> dict[str, Any]:
        """The plan for programs."""
        return {
            "topics": [
                {
                    "name": topic.name,
                    "purpose": topic.purpose,
                    "partitions": topic.partitions,
                    "replication": topic.replication,
                    "config": topic.config,
                    "bound": topic.bound,
                }
                for topic in self.topics
            ],
            "acls": [permission.line(self.bootstrap_servers) for permission in self.permissions],
            "schemas": [
                {
                    "subject": registration.subject,
                    "schema": registration.schema.name,
                    "compatibility": str(registration.kind.level),
                }
                for registration in self.registrations
            ],
        }

    def schema_lines(self) -> list[str]:
        """The steps on an empty registry, in words."""
        return [step.text for step in plan(None, self.registrations)]


def plan_for(settings: Settings, names: Sequence[str], stateful: frozenset[str] | None = None) -> Plan:
    """The plan for these lanes; touches nothing. Raises Misconfigured for names that cannot be topics, or clash.

    `stateful` are those that keep state, by default as the catalogue says.
    """
    check_tenants(settings, stateful_among(names) if stateful is None else stateful)
    bindings = check_bindings(bind(settings, name) for name in names)
    kinds = [kind for name in names if (kind := catalogue().get(name)) is not None]
    topics = topics_for(settings, list(names), stateful_among(names) if stateful is None else stateful, kinds)
    wanted = {
        (one.subject, one.schema.text): one for binding in bindings for one in registrations_for(settings, binding)
    }
    permissions = permissions_for(bindings, frozenset(topic.name for topic in topics))
    permissions += [one for kind in kinds if kind.permissions is not None for one in kind.permissions(settings)]
    return Plan(
        bindings=tuple(bindings),
        topics=tuple(topics),
        permissions=tuple(dict.fromkeys(permissions)),
        registrations=tuple(wanted.values()),
        bootstrap_servers=settings.kafka.bootstrap_servers,
    )


def registrations_for(settings: Settings, binding: Binding) -> list[Registration]:
    """The schemas that a lane needs."""
    kind = catalogue().get(binding.name)
    if kind is not None and kind.registrations is not None:
        return kind.registrations(settings)
    result = load(binding.name, "result")
    theirs = [Registration(subject(one.results), result, Kind.RESULTS) for one in binding.counters.values()]
    return registrations(binding.name, binding.requests, binding.results) + theirs


def check_tenants(settings: Settings, stateful: Iterable[str] = ()) -> None:
    """Raises Misconfigured for settings that are a tenant's client's, and for tenants of a lane that keeps state."""
    if settings.tenant is not None:
        raise Misconfigured(
            f"these are the settings of a client of {settings.tenant!r}: unset `tenant` to run lanes or make topics"
        )
    for name in stateful:
        if settings.lane(name).tenants:
            raise Misconfigured(
                f"lane {name} keeps state, which tenants would share: leave lanes.{name}.tenants out, "
                "or give each tenant a deployment of its own"
            )


def check_bindings(bindings: Iterable[Binding]) -> list[Binding]:
    """The bindings. Raises Misconfigured for names that cannot be topics, or clash."""
    checked = list(bindings)
    for binding in checked:
        check_names(binding)
    check_groups(checked)
    return checked


def check_names(binding: Binding) -> None:
    """Raises Misconfigured for what Kafka would refuse, and for a lane that would read what it writes."""
    written = {*binding.answers, binding.repeats, binding.state, binding.control}
    for topic in (*binding.requests, *sorted(written)):
        problem = name_problem(topic)
        if problem is not None:
            raise Misconfigured(f"lane {binding.name}: {problem}")
    loop = set(binding.requests) & written
    if loop:
        raise Misconfigured(
            f"lane {binding.name} would read what it writes, {', '.join(sorted(loop))}: give lanes.{binding.name} "
            "another `requests` or `results`"
        )


def check_groups(bindings: Sequence[Binding]) -> None:
    """Raises Misconfigured when two lanes share a group: each would take the other's partitions."""
    owners: dict[str, str] = {}
    for binding in bindings:
        other = owners.setdefault(binding.group, binding.name)
        if other != binding.name:
            raise Misconfigured(
                f"lanes {other} and {binding.name} have one group, {binding.group!r}: each lane needs its own; "
                f"set lanes.{binding.name}.group"
            )
