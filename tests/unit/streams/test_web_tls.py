"""The certificate of a worker's web pages: read at the start, or refused with what is wrong."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from schemas.errors import Misconfigured
from streams.observability.web import tls_of
from streams.presence import announce, present
from streams.settings import Settings, StackSettings, WorkerSettings
from streams.stack import certificates, secret_files


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    certificates.make(tmp_path, ["web"])
    return secret_files.server(tmp_path, "web")


def test_a_certificate_may_hold_its_key_or_have_it_beside_it(certificate: Path, tmp_path: Path) -> None:
    assert isinstance(tls_of(WorkerSettings(web_certificate=certificate)), ssl.SSLContext)
    key = tmp_path / "key.pem"
    key.write_text(certificate.read_text())
    assert isinstance(tls_of(WorkerSettings(web_certificate=certificate, web_key=key)), ssl.SSLContext)
    assert tls_of(WorkerSettings()) is None


def test_what_can_not_be_served_is_refused(certificate: Path, tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    locked = tmp_path / "locked.pem"
    key = load_pem_private_key(certificate.read_bytes(), None)
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    for settings in (
        WorkerSettings(web_certificate=tmp_path / "missing.pem"),
        WorkerSettings(web_certificate=tmp_path / "none.pem"),
        WorkerSettings(web_certificate=certificate, web_key=locked),
    ):
        with pytest.raises(Misconfigured, match=r"worker\.web_certificate .*\.pem"):
            tls_of(settings)
    with pytest.raises(Misconfigured, match=r"set worker\.web_certificate too"):
        tls_of(WorkerSettings(web_key=certificate))


def test_the_readers_of_health_learn_that_it_is_https(certificate: Path, tmp_path: Path) -> None:
    settings = Settings(stack=StackSettings(directory=tmp_path), worker=WorkerSettings(web_certificate=certificate))
    announce(settings, 0, ["echo"], 4711)
    (found,) = present(settings)
    assert found.web == "https://127.0.0.1:4711"
    assert found.certificate == str(certificate)
    announce(Settings(stack=StackSettings(directory=tmp_path)), 0, ["echo"], 4711)
    assert present(settings)[0].web == "http://127.0.0.1:4711"
