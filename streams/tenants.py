"""The names of tenants: with them begin their topics, groups and transactional ids, and their principals have them."""

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

TAKEN = frozenset({"sluicegate", "admin", "broker", "client", "operator", "orchestrator", "registry", "worker"})
"""Prefixes and roles that are the system's own."""
_LEGAL = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def check_name(name: str) -> str:
    """The name. Raises ValueError for one that would not keep tenants apart.

    A dot would make one tenant's prefix begin another's; `sluicegate.` is the system's.
    """
    if name in TAKEN:
        raise ValueError(f"{name!r} can't be a tenant: that name is the system's own; take another")
    if _LEGAL.fullmatch(name) is None:
        raise ValueError(f"{name[:80]!r} can't be a tenant: use up to 63 small letters, digits and '-'")
    return name


TenantName: TypeAlias = Annotated[str, AfterValidator(check_name)]


def prefix(tenant: str) -> str:
    """What everything of a tenant's begins with on the cluster; no other tenant's begins with it."""
    return f"{tenant}."
