"""Who may log in to the secured stack, and with which password: one private file under its directory.

Everything else that holds a password (the role files, the settings of the broker and of the registry) is made from it.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from secrets import token_urlsafe

from streams.private_files import make_private, write_private
from streams.provisioning.roles import CLIENT, OPERATOR, ORCHESTRATOR, WORKER
from streams.stack import secret_files
from streams.stack.layout import Layout

ADMIN, BROKER, REGISTRY = "sluicegate-admin", "sluicegate-broker", "sluicegate-registry"

ROLES = {
    "admin": ADMIN,
    "worker": WORKER,
    "orchestrator": ORCHESTRATOR,
    "operator": OPERATOR,
    "client": CLIENT,
}
"""The roles that have a file, and their principals; tenants come on top, each with the principal of its name."""
PASSWORD_BYTES = 32


def principals(tenants: Iterable[str]) -> tuple[str, ...]:
    """Everybody who has a password."""
    return BROKER, REGISTRY, *ROLES.values(), *tenants


def have(layout: Layout, tenants: Iterable[str]) -> dict[str, str]:
    """Everybody's password; those that are not there yet are drawn and kept, and so are the certificates."""
    # Imported late: nobody else needs to make certificates.
    from streams.stack import certificates

    place = layout.secrets
    make_private(place)
    certificates.make(place, secret_files.SERVERS)
    known = read(place) if secret_files.passwords(place).is_file() else {}
    wanted = {name: known.get(name) or token_urlsafe(PASSWORD_BYTES) for name in principals(tenants)}
    everything = {**known, **wanted}
    if everything != known:
        write_private(secret_files.passwords(place), json.dumps(everything, indent=2))
    return everything


def read(place: Path) -> dict[str, str]:
    """Every password that was drawn."""
    return dict(json.loads(secret_files.passwords(place).read_text()))


def login(place: Path, principal: str, password: str) -> dict[str, str]:
    """librdkafka's properties of a client that logs in."""
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": principal,
        "sasl.password": password,
        "ssl.ca.location": str(secret_files.authority(place)),
    }


def jaas(principal: str, password: str) -> str:
    """The same log-in in Java's words."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return f'{module} required username="{principal}" password="{password}";'
