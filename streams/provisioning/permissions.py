"""What each role may do on the cluster, as the lines that Kafka's own kafka-acls takes."""

import shlex
from dataclasses import dataclass
from typing import Literal

from streams.binding import Binding
from streams.client.reply_topic import PREFIX as REPLIES

Resource = Literal["topic", "group", "transactional-id"]
Pattern = Literal["literal", "prefixed"]
WORKER, CLIENT, OPERATOR = "sluicegate-worker", "sluicegate-client", "sluicegate-operator"


@dataclass(frozen=True, slots=True)
class Permission:
    """A role's operations on one resource, or on all whose names begin so."""

    role: str
    resource: Resource
    name: str
    operations: tuple[str, ...]
    pattern: Pattern = "literal"

    def line(self, bootstrap_servers: str) -> str:
        """The command that grants it; the role is the principal's name, to be replaced by the user's own."""
        words = ["sluicegate", "kafka-tool", "acls", "--bootstrap-server", bootstrap_servers, "--add"]
        words += ["--allow-principal", f"User:{self.role}"]
        for operation in self.operations:
            words += ["--operation", operation]
        words += [f"--{self.resource}", self.name, "--resource-pattern-type", self.pattern]
        return shlex.join(words)


def permissions_for(bindings: list[Binding], topics: frozenset[str]) -> list[Permission]:
    """What worker, client and operator need for these lanes; `topics` are those of the plan. Each once, in order."""
    found = [permission for binding in bindings for permission in lane_permissions(binding, topics)]
    found += [
        Permission(WORKER, "topic", REPLIES, ("Write", "Describe", "DescribeConfigs"), "prefixed"),
        Permission(CLIENT, "topic", REPLIES, ("Create", "Delete", "Read", "Describe"), "prefixed"),
    ]
    return list(dict.fromkeys(found))


def lane_permissions(binding: Binding, topics: frozenset[str]) -> list[Permission]:
    """What one lane needs."""
    found: list[Permission] = []
    for topic in binding.requests:
        found.append(Permission(WORKER, "topic", topic, ("Read", "Describe")))
        found.append(Permission(CLIENT, "topic", topic, ("Write", "Describe", "Read")))
        found.append(Permission(OPERATOR, "topic", topic, ("Read", "Write", "Describe")))
    for topic in (binding.results, binding.dead_letters):
        found.append(Permission(WORKER, "topic", topic, ("Read", "Write", "Describe", "DescribeConfigs")))
        found.append(Permission(CLIENT, "topic", topic, ("Read", "Describe")))
    found.append(Permission(OPERATOR, "topic", binding.dead_letters, ("Read", "Describe")))
    own = [topic for topic in (binding.repeats, binding.state, binding.control) if topic in topics]
    found += [Permission(WORKER, "topic", topic, ("Read", "Write", "Describe")) for topic in own]
    found.append(Permission(OPERATOR, "topic", binding.control, ("Read", "Write", "Describe")))
    found.append(Permission(WORKER, "group", binding.group, ("Read", "Describe")))
    found.append(Permission(CLIENT, "group", binding.group, ("Describe",)))
    identity = f"{binding.group}-"
    found.append(Permission(WORKER, "transactional-id", identity, ("Write", "Describe"), "prefixed"))
    return found
