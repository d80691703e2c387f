"""Where the certificates and passwords of the secured stack lie, in a folder that only its owner may enter."""

from pathlib import Path

KAFKA, REGISTRY, WEB = "kafka", "registry", "web"
SERVERS = (KAFKA, REGISTRY, WEB)
"""Each has a key and a certificate of its own."""


def authority(folder: Path) -> Path:
    """The certificate that clients trust."""
    return folder / "ca.pem"


def authority_key(folder: Path) -> Path:
    """The key that signs; only `up --secure` reads it."""
    return folder / "ca.key"


def server(folder: Path, name: str) -> Path:
    """Key and certificates of one server."""
    return folder / f"{name}.pem"


def common_name(name: str) -> str:
    """What a server's certificate calls it, and so Kafka."""
    return f"sluicegate-{name}"


def passwords(folder: Path) -> Path:
    """Everybody's password."""
    return folder / "passwords.json"
