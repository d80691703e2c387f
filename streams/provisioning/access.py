"""Granting permissions on a cluster: what is wanted and not there is made, what is there and not wanted can go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from streams.client.errors import NotAllowed
from streams.provisioning.permissions import Permission

SECONDS = 30.0
ANYWHERE = "*"
RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefixed": ResourcePatternType.PREFIXED}


@dataclass(frozen=True, slots=True)
class Granted:
    """How many entries were made, and how many were taken away."""

    made: int
    taken: int


NOTHING = Granted(0, 0)


def grant(admin: AdminClient, permissions: Sequence[Permission], *, sweep: bool = False) -> Granted:
    """Has these permissions on the cluster; with `sweep`, their principals have no others afterwards. Blocks.

    Raises NotAllowed for a user who may not, KafkaException when nobody answers.
    """
    wanted = set(entries(permissions))
    there = existing(admin, {permission.role for permission in permissions})
    missing, left_over = list(wanted - there), list(there - wanted) if sweep else []
    if missing:
        settle(admin.create_acls(missing, request_timeout=SECONDS))
    if left_over:
        settle(admin.delete_acls([exactly(entry) for entry in left_over], request_timeout=SECONDS))
    return Granted(len(missing), len(left_over))


def entries(permissions: Iterable[Permission]) -> Iterable[AclBinding]:
    """One entry for each operation."""
    for one in permissions:
        for word in one.operations:
            operation = AclOperation["DESCRIBE_CONFIGS" if word == "DescribeConfigs" else word.upper()]
            yield AclBinding(
                RESOURCES[one.resource],
                one.name,
                PATTERNS[one.pattern],
                f"User:{one.role}",
                ANYWHERE,
                operation,
                AclPermissionType.ALLOW,
            )


def existing(admin: AdminClient, roles: Iterable[str]) -> set[AclBinding]:
    """Every entry of these principals."""
    found: set[AclBinding] = set()
    for role in roles:
        anything: Any = None  # what a filter takes for every name and every host
        theirs = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            f"User:{role}",
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        found.update(settle({role: admin.describe_acls(theirs, request_timeout=SECONDS)})[0])
    return found


def exactly(entry: AclBinding) -> AclBindingFilter:
    """A filter that finds this entry alone."""
    return AclBindingFilter(
        entry.restype,
        entry.name,
        entry.resource_pattern_type,
        entry.principal,
        entry.host,
        entry.operation,
        entry.permission_type,
    )


def settle(futures: Any) -> list[Any]:
    """The results; raises NotAllowed with what to do, or what the cluster said."""
    try:
        return [future.result(SECONDS) for future in futures.values()]
    except KafkaException as error:
        if "AUTHORIZATION" not in error.args[0].name():
            raise
        raise NotAllowed(
            "this user may not read or change ACLs: run `sluicegate init` as the administrator "
            "(SLUICEGATE_SETTINGS=.sluicegate/secure/admin.toml)"
        ) from None
