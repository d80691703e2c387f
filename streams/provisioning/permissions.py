"""What each role may do on the cluster, as the lines that Kafka's own kafka-acls takes.

A role's name is its principal's on the secured stack of `sluicegate up --secure`; on a cluster of one's own they are
replaced by its own names. A tenant's principal has the tenant's name.
"""

import shlex
from dataclasses import dataclass
from typing import Literal

from schemas.topics import SAGAS
from streams.binding import Binding, Counter
from streams.client.connection import READERS
from streams.client.letterbox import REPLAYER
from streams.client.reply_topic import PREFIX as REPLIES
from streams.provisioning.roles import CLIENT, OPERATOR, ORCHESTRATOR, WORKER
from streams.tenants import prefix

__all__ = ["CLIENT", "OPERATOR", "ORCHESTRATOR", "WORKER", "Permission", "lane_permissions", "permissions_for"]

Resource = Literal["topic", "group", "transactional-id"]
Pattern = Literal["literal", "prefixed"]

READING = ("Read", "Describe")
WRITING = ("Write", "Describe")
ANSWERING = ("Write", "Describe", "DescribeConfigs")
KEEPING = ("Read", "Write", "Describe")
OWNING = ("Read", "Write", "Describe", "DescribeConfigs")
REPLYING = ("Create", "Delete", "Read", "Describe")


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


def runner_of(lane: str) -> str:
    """The role that runs a lane: sagas command every other lane, so theirs is one of its own."""
    return ORCHESTRATOR if lane == SAGAS else WORKER


def permissions_for(bindings: list[Binding], topics: frozenset[str]) -> list[Permission]:
    """What every role and tenant needs for these lanes; `topics` are those of the plan. Each once, in order."""
    found = [permission for binding in bindings for permission in lane_permissions(binding, topics)]
    runners = dict.fromkeys(runner_of(binding.name) for binding in bindings)
    found += [Permission(runner, "topic", REPLIES, ANSWERING, "prefixed") for runner in runners]
    # An operator's commands to sagas are answered like a client's.
    found += [Permission(role, "topic", REPLIES, REPLYING, "prefixed") for role in (CLIENT, OPERATOR)]
    found.append(Permission(OPERATOR, "transactional-id", REPLAYER, WRITING))
    found += [Permission(role, "group", READERS, ("Describe",), "prefixed") for role in (*runners, CLIENT, OPERATOR)]
    return list(dict.fromkeys(found))


def lane_permissions(binding: Binding, topics: frozenset[str]) -> list[Permission]:
    """What one lane needs."""
    found: list[Permission] = []
    runner = runner_of(binding.name)
    for topic in binding.requests:
        found.append(Permission(runner, "topic", topic, READING))
        if topic not in binding.counters:
            found.append(Permission(CLIENT, "topic", topic, ("Write", "Describe", "Read")))
        found.append(Permission(OPERATOR, "topic", topic, KEEPING))
    found += [Permission(runner, "topic", topic, OWNING) for topic in binding.answers]
    found += [Permission(CLIENT, "topic", topic, READING) for topic in (binding.results, binding.dead_letters)]
    found.append(Permission(OPERATOR, "topic", binding.results, READING))
    found.append(Permission(OPERATOR, "topic", binding.dead_letters, KEEPING))
    for counter in binding.counters.values():
        found += tenant_permissions(counter, runner)
    own = [topic for topic in (binding.repeats, binding.state, binding.control) if topic in topics]
    found += [Permission(runner, "topic", topic, KEEPING) for topic in own]
    found.append(Permission(OPERATOR, "topic", binding.control, KEEPING))
    found.append(Permission(runner, "group", binding.group, READING))
    found += [Permission(role, "group", binding.group, ("Describe",)) for role in (CLIENT, OPERATOR)]
    found.append(Permission(runner, "transactional-id", f"{binding.group}-", WRITING, "prefixed"))
    return found


def tenant_permissions(counter: Counter, runner: str) -> list[Permission]:
    """What a tenant's client may, and nobody else's: its own topics, and groups and transactional ids of its name.

    It may not describe the lane's group, which names the topics of others.
    """
    tenant, own = counter.tenant, prefix(counter.tenant)
    replies = f"{own}replies."
    return [
        Permission(tenant, "topic", counter.requests, ("Write", "Describe", "Read")),
        Permission(tenant, "topic", counter.results, READING),
        Permission(tenant, "topic", counter.dead_letters, READING),
        Permission(tenant, "topic", replies, REPLYING, "prefixed"),
        Permission(tenant, "group", own, READING, "prefixed"),
        Permission(tenant, "transactional-id", own, WRITING, "prefixed"),
        Permission(runner, "topic", replies, ANSWERING, "prefixed"),
        Permission(OPERATOR, "group", own, ("Describe",), "prefixed"),
        Permission(OPERATOR, "topic", counter.results, READING),
        Permission(OPERATOR, "topic", counter.dead_letters, KEEPING),
    ]
