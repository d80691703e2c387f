"""Answers that settle nothing, from a server that gives them: no verdict, and a line that says what to do."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from schemas import avsc
from schemas.errors import Misconfigured, RegistryUnavailable, SchemaIncompatible, SchemaPending, Unreadable
from schemas.registry import Registry


class Answers(BaseHTTPRequestHandler):
    """Always the same answer."""

    status = 200
    body = b"{}"

    def _answer(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def answers() -> type[Answers]:
    return type("These", (Answers,), {})


@pytest.fixture
def url(answers: type[Answers]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://user:secret@127.0.0.1:{server.server_port}/apis/ccompat/v7"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "body", "cure"),
    [
        (404, b"", "registry.url"),
        (404, b'{"detail": "no such path"}', "registry.url"),
        (404, b"<html>proxy</html>", "registry.url"),
        (404, b'{"error_code": 404, "message": "Not Found"}', "registry.url"),
        (401, b'{"error_code": 40101, "message": "Unauthorized"}', "basic.auth.user.info"),
        (403, b"{}", "lacks the right"),
        (500, b'{"error_code": 50001, "message": "store"}', "HTTP 500"),
        (503, b"", "HTTP 503"),
        (200, b"not json", "no answer"),
    ],
)
def test_an_answer_that_is_no_registrys_settles_nothing(
    answers: type[Answers], url: str, status: int, body: bytes, cure: str
) -> None:
    answers.status, answers.body = status, body
    registry = Registry(url, {"max.retries": "0"})
    with pytest.raises(RegistryUnavailable, match=cure) as raised:
        registry.fetch(5)
    assert "secret" not in str(raised.value)
    with pytest.raises(SchemaPending):
        registry.cached(5)


def test_a_registrys_own_404_is_a_definite_no(answers: type[Answers], url: str) -> None:
    answers.status, answers.body = 404, b'{"error_code": 40403, "message": "Schema not found"}'
    registry = Registry(url)
    registry.fetch(5)
    with pytest.raises(Unreadable, match="not in the registry"):
        registry.cached(5)


def test_a_refusal_is_told_in_the_registrys_words(answers: type[Answers], url: str) -> None:
    answers.status, answers.body = 409, b'{"error_code": 409, "message": "b at /fields/1"}'
    with pytest.raises(SchemaIncompatible, match="b at /fields/1"):
        Registry(url).register("s", avsc.load("echo", "request"))


def test_a_registry_that_is_not_there_settles_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        registry = Registry(f"http://127.0.0.1:{unused.getsockname()[1]}", {"max.retries": "0"})
        with pytest.raises(RegistryUnavailable, match="Is it up"):
            registry.fetch(5)


def test_a_registry_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        registry = Registry(address, {"timeout": "0.2", "max.retries": "0"})
        with pytest.raises(RegistryUnavailable, match="Timeout"):
            registry.fetch(5)


@pytest.mark.parametrize(
    ("url", "properties", "message"),
    [
        ("localhost:8081", {}, "Invalid url"),
        ("http://localhost:1", {"timeuot": "5"}, "timeuot"),
        ("http://localhost:1", {"timeout": "soon"}, "'timeout' must be a number, found 'soon'"),
        ("http://localhost:1", {"ssl.ca.location": "/no/such/file"}, "settings can't work"),
        ("http://a:b@localhost:1", {"basic.auth.user.info": "c:d"}, "userinfo"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(url: str, properties: dict[str, str], message: str) -> None:
    with pytest.raises(Misconfigured, match=message) as refused:
        Registry(url, properties)
    assert "a:b@" not in str(refused.value)
