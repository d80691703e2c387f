"""Making a plan: topics first, then compatibility and schemas. Safe to repeat."""

from dataclasses import dataclass
from typing import Any

from schemas.compatibility import apply
from streams.client import connection
from streams.provisioning.access import NOTHING, Granted, grant
from streams.provisioning.cluster import Cluster
from streams.provisioning.difference import Difference, difference
from streams.provisioning.plan import Plan
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What was there and what was done."""

    topics: Difference
    created: tuple[str, ...]
    altered: tuple[str, ...]
    schemas: tuple[str, ...]
    widened: tuple[str, ...] = ()
    access: Granted = NOTHING

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "created": list(self.created),
            "altered": list(self.altered),
            "widened": list(self.widened),
            "kept": list(self.topics.kept),
            "schemas": list(self.schemas),
            "notices": list(self.topics.notices),
            "acls": {"made": self.access.made, "taken": self.access.taken},
        }


def provision(settings: Settings, plan: Plan, *, whole: bool = False) -> Provisioned:
    """Makes what the plan says and is not there; ACLs on the secured stack alone, whose principals are known. Blocks.

    `whole`: the plan is that of all lanes, so permissions that it does not have are taken from its principals.

    Raises Refused (nothing was made) for a topic that must not stay as it is, ClusterUnreachable or RegistryUnavailable
    when one of the two does not answer, LoginRefused or NotAllowed for a user who may not, SchemaIncompatible when the
    registry's schemas do not allow ours.
    """
    admin = connection.admin(settings)
    connection.partition_counts(admin, settings)  # says at once who is not let in
    cluster = Cluster(admin)
    change = difference(plan.topics, cluster.existing(plan.topics))
    made = cluster.make(change)
    access = grant(admin, plan.permissions, sweep=whole) if settings.stack.secure else NOTHING
    registry = connection.open_registry(settings)
    try:
        steps = apply(registry, plan.registrations)
    finally:
        registry.close()
    done = tuple(step.text for step in steps)
    return Provisioned(change, tuple(made.created), tuple(made.altered), done, tuple(made.widened), access)
