"""The worker's web pages, on Faust's web server: `/health`, `/health/live`, `/health/ready` and `/metrics`.

They are served by the worker's own event loop, on purpose: a blocked loop does not answer, and that is the truth.
"""

from collections.abc import Callable
from pathlib import Path
from ssl import Purpose, SSLContext, create_default_context
from typing import Any

import faust
from aiohttp.web import TCPSite
from faust.web import Request, Response, View
from faust.web.drivers.aiohttp import Web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from schemas.errors import Misconfigured, SluicegateError
from streams.observability.health import Health
from streams.observability.metrics import Instruments
from streams.settings import WorkerSettings

OK, UNAVAILABLE = 200, 503
STAND_IN = 6066
"""Faust's settings refuse port 0; `PageServer` binds the real one."""


class PortTaken(SluicegateError):
    """The web port cannot be opened now; it may be free later, so a supervised worker tries again."""


class PageServer(Web):
    """Faust's web server on a port that may be 0: the system then chooses a free one; with `tls` it speaks HTTPS."""

    def __init__(self, app: faust.App, host: str, port: int, tls: SSLContext | None = None) -> None:
        super().__init__(app)
        self.host, self.port, self.tls = host, port, tls

    def _new_transport_tcp(self) -> TCPSite:
        return TCPSite(self._runner, self.host, self.port, ssl_context=self.tls)

    async def start_server(self) -> None:
        """Binds the port; PortTaken when it is not to be had."""
        try:
            await super().start_server()
        except OSError as error:
            raise PortTaken(
                f"the web port {self.port} on {self.host} cannot be opened ({error.strerror}): choose another "
                "with --web-port or worker.web_port; 0 takes a free one"
            ) from error

    @property
    def served_port(self) -> int:
        """The port that it serves on; RuntimeError before the start."""
        addresses = self._runner.addresses
        if not addresses:
            raise RuntimeError("the web server has not started: ask after app.start()")
        return int(addresses[0][1])


def web_options(settings: WorkerSettings) -> dict[str, Any]:
    """Arguments for `faust.App`: the web server on the settings' address, without Faust's own pages."""
    return {
        "web_enabled": True,
        "web_bind": settings.web_host,
        "web_host": settings.web_host,
        "web_port": settings.web_port or STAND_IN,
        "web_router_enabled": False,
        "web_tables_enabled": False,
    }


def tls_of(settings: WorkerSettings) -> SSLContext | None:
    """How the pages are encrypted; None for settings without a certificate.

    Raises Misconfigured for files that are no certificate and key.
    """
    certificate, key = settings.web_certificate, settings.web_key
    if certificate is None:
        if key is not None:
            raise Misconfigured("worker.web_key is set without its certificate: set worker.web_certificate too")
        return None
    context = create_default_context(Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password=lambda: no_password(certificate))
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"worker.web_certificate {certificate}, worker.web_key {key or 'in the same file'}: "
            f"{error.strerror if isinstance(error, OSError) and error.strerror else error}; "
            "both are PEM, and the key is not encrypted"
        ) from None
    return context


def no_password(certificate: Path) -> str:
    """A worker has nobody to ask for a key's password."""
    raise ValueError(f"the key of {certificate} is encrypted")


def serve_pages(
    app: faust.App, settings: WorkerSettings, health: Callable[[], Health], instruments: Instruments
) -> PageServer:
    """Gives an app that has not started its web server and the pages; the server knows its port after the start.

    `health` is called on the loop at each request. Raises Misconfigured for a certificate that can't be read.
    """
    server = PageServer(app, settings.web_host, settings.web_port, tls_of(settings))
    app.web = server

    @app.page("/health")
    async def everything(view: View, request: Request) -> Response:
        now = health()
        return answer(view, now, now.live and now.ready)

    @app.page("/health/live")
    async def live(view: View, request: Request) -> Response:
        now = health()
        return answer(view, now, now.live)

    @app.page("/health/ready")
    async def ready(view: View, request: Request) -> Response:
        now = health()
        return answer(view, now, now.ready)

    @app.page("/metrics")
    async def metrics(view: View, request: Request) -> Response:
        text = generate_latest(instruments.registry)
        return view.bytes(text, headers={"content-type": CONTENT_TYPE_LATEST})

    return server


def answer(view: View, health: Health, good: bool) -> Response:
    """The health as JSON: 200 when good, 503 when not."""
    return view.json(health.as_json(), status=OK if good else UNAVAILABLE)
