"""The registry's side of the secured stack: HTTPS, names and passwords with roles, and its own log-in to Kafka."""

from collections.abc import Mapping
from pathlib import Path

from streams.private_files import write_private
from streams.stack import logins, secret_files

TOPICS = ("kafkasql-journal", "kafkasql-snapshots", "registry-events")
GROUPS = "sluicegate-registry-"
READS, ADMINISTERS = "sr-readonly", "sr-admin"

BEFORE_ITS_OWN = "290"
"""The rank of our settings among Quarkus's sources: over the registry's own, under the environment."""


def settings_file(place: Path) -> Path:
    """What the registry reads beside its environment: everything that is secret."""
    return place / "registry.properties"


def write(place: Path, port: int, passwords: Mapping[str, str]) -> None:
    """Writes the registry's settings."""
    lines = [f"{name}={value}\n" for name, value in properties(place, port, passwords).items()]
    write_private(settings_file(place), "".join(lines))


def properties(place: Path, port: int, passwords: Mapping[str, str]) -> dict[str, str]:
    """Only the administrator may change schemas; everybody else who has a password may read them."""
    pem = str(secret_files.server(place, secret_files.REGISTRY))
    kafka = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": logins.jaas(logins.REGISTRY, passwords[logins.REGISTRY]),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(secret_files.authority(place)),
    }
    users = {name: word for name, word in passwords.items() if name not in (logins.BROKER, logins.REGISTRY)}
    realm = "quarkus.security.users.embedded"
    return {
        "config_ordinal": BEFORE_ITS_OWN,
        "quarkus.http.ssl-port": str(port),
        "quarkus.http.insecure-requests": "disabled",
        "quarkus.http.ssl.certificate.files": pem,
        "quarkus.http.ssl.certificate.key-files": pem,
        "quarkus.http.auth.basic": "true",
        f"{realm}.plain-text": "true",
        **{f'{realm}.users."{name}"': word for name, word in users.items()},
        **{f'{realm}.roles."{name}"': ADMINISTERS if name == logins.ADMIN else READS for name in users},
        "apicurio.auth.role-based-authorization": "true",
        "apicurio.kafkasql.consumer.group-prefix": GROUPS,
        **{f"apicurio.kafka.common.{name}": value for name, value in kafka.items()},
    }
