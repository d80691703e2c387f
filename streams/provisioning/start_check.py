"""What a worker checks of the registry before it reads its first record."""

from collections.abc import Sequence

import structlog

from schemas.compatibility import Status, check
from schemas.errors import SchemaNotFound
from schemas.registry import Registry
from streams.binding import Binding
from streams.provisioning.plan import registrations_for
from streams.settings import Settings

log = structlog.get_logger(__name__)


def check_at_start(registry: Registry, settings: Settings, bindings: Sequence[Binding]) -> None:
    """Refuses to start with schemas that are not registered; warns of subjects whose compatibility guards nothing.

    Blocks. Raises SchemaNotFound with the cure; RegistryUnavailable when the registry gives no answer.
    """
    wanted = [one for lane in bindings for one in registrations_for(settings, lane)]
    findings = check(registry, wanted)
    missing = [one for one in findings if one.status in (Status.UNREGISTERED, Status.INCOMPATIBLE)]
    if missing:
        raise SchemaNotFound("; ".join(f"{one.subject}: {one.message}" for one in missing))
    for one in findings:
        if one.status is Status.UNGUARDED:
            log.warning("schema not guarded", subject=one.subject, why=one.message)
