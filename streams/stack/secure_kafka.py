"""Kafka's side of the secured stack: TLS on both listeners, log-ins, an authorizer that allows nothing by itself."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streams.private_files import write_private
from streams.stack import logins, secret_files, secure_registry
from streams.stack.layout import Layout

if TYPE_CHECKING:
    from streams.provisioning.permissions import Permission

ITERATIONS = 8_192
SECONDS = 30.0


def properties(place: Path, passwords: Mapping[str, str]) -> dict[str, str]:
    """The broker's settings that make it secure, over those that every local stack has.

    Its own node comes to the controller's listener with its certificate, and nobody else has one of that name.
    """
    node = secret_files.common_name(secret_files.KAFKA)
    return {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:SSL",
        "listener.name.controller.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": logins.jaas(logins.BROKER, passwords[logins.BROKER]),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(secret_files.server(place, secret_files.KAFKA)),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(secret_files.authority(place)),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{logins.ADMIN};User:{logins.BROKER};User:CN={node}",
    }


@contextmanager
def first_users(place: Path, passwords: Mapping[str, str]) -> Iterator[str]:
    """An argument for Kafka's storage tool that names a file with the users to begin with; gone afterwards.

    Not the users themselves: everybody may read a process's arguments.
    """
    file = place / "format-arguments"
    users = [f"SCRAM-SHA-512=[name={name},password={passwords[name]}]" for name in (logins.BROKER, logins.ADMIN)]
    write_private(file, "\n".join(["--add-scram", users[0], "--add-scram", users[1]]) + "\n")
    try:
        yield f"@{file}"
    finally:
        file.unlink()


def let_in(layout: Layout, port_address: str, passwords: Mapping[str, str]) -> None:
    """Has every user known by their password, and the registry allowed what it needs. Blocks."""
    # Imported late: only this needs to know what permissions are.
    from streams.provisioning.access import grant

    place = layout.secrets
    login = logins.login(place, logins.ADMIN, passwords[logins.ADMIN])
    admin = AdminClient({"bootstrap.servers": port_address, **login})
    futures = admin.alter_user_scram_credentials(list(credentials(passwords)), request_timeout=SECONDS)
    for future in futures.values():
        future.result(SECONDS)
    grant(admin, registry_permissions())


def credentials(passwords: Mapping[str, str]) -> Iterable[UserScramCredentialUpsertion]:
    """Everybody's password as Kafka keeps it: salted and hashed."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    for name, password in passwords.items():
        yield UserScramCredentialUpsertion(name, info, password.encode())


def registry_permissions() -> list["Permission"]:
    """The registry's own topics, which it makes, and its groups."""
    from streams.provisioning.permissions import Permission

    operations = ("Create", "Read", "Write", "Describe", "DescribeConfigs")
    topics = [Permission(logins.REGISTRY, "topic", topic, operations) for topic in secure_registry.TOPICS]
    groups = Permission(logins.REGISTRY, "group", secure_registry.GROUPS, ("Read", "Describe"), "prefixed")
    return [*topics, groups]
