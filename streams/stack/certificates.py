"""Certificates of the secured stack: an authority of its own, and a certificate for each server of this machine.

Each server's file holds its key, its certificate and the authority's, as Kafka, Quarkus and Python all read them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from streams.private_files import write_private
from streams.stack import secret_files

AUTHORITY_DAYS, SERVER_DAYS, RENEW_DAYS = 3_650, 397, 30
CLOCKS = timedelta(hours=1)
"""How far another machine's clock may be behind the one that made a certificate."""
AUTHORITY = "sluicegate-authority"
HOSTS = ("localhost", "127.0.0.1")

Key = ec.EllipticCurvePrivateKey


def make(folder: Path, servers: Sequence[str], now: datetime | None = None) -> None:
    """Have the authority and a certificate for each server there; what is good for another month is left alone."""
    moment = now or datetime.now(UTC)
    if not secret_files.authority(folder).is_file() or expires(secret_files.authority(folder), moment):
        make_authority(folder, moment)
        for name in servers:
            secret_files.server(folder, name).unlink(missing_ok=True)
    for name in servers:
        if not secret_files.server(folder, name).is_file() or expires(secret_files.server(folder, name), moment):
            make_server(folder, name, moment)


def expires(path: Path, now: datetime) -> bool:
    """Whether the first certificate of a file is good for less than a month."""
    certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    return certificate.not_valid_after_utc - now < timedelta(days=RENEW_DAYS)


def make_authority(folder: Path, now: datetime) -> None:
    """A key, and a certificate that is signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        begun(AUTHORITY, AUTHORITY, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(secret_files.authority_key(folder), pem_of(key))
    write_private(secret_files.authority(folder), made.public_bytes(Encoding.PEM).decode())


def make_server(folder: Path, name: str, now: datetime) -> None:
    """A certificate for a server of this machine; Kafka's node is a client of itself too, so it may be both."""
    signing = load_pem_private_key(secret_files.authority_key(folder).read_bytes(), None)
    assert isinstance(signing, Key)
    authority = x509.load_pem_x509_certificate(secret_files.authority(folder).read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in HOSTS]
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        begun(secret_files.common_name(name), AUTHORITY, key, now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    chain = [one.public_bytes(Encoding.PEM).decode() for one in (made, authority)]
    write_private(secret_files.server(folder, name), pem_of(key) + "".join(chain))


def begun(subject: str, issuer: str, key: Key, now: datetime, days: int) -> x509.CertificateBuilder:
    """What every certificate has."""
    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def named(common: str) -> x509.Name:
    """A distinguished name that is a common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def pem_of(key: Key) -> str:
    """The key as text, not encrypted: the file's mode protects it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
