"""Which workers run on this machine, and where their web pages are: a small file for each slot.

A worker writes its own when it serves; readers believe it only as long as that very process lives.
"""

import asyncio
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import structlog

from streams.settings import Settings

ANSWER_SECONDS = 2.0
AGAIN_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Presence:
    """One running worker; `born` is when its process began, as the system has it; `certificate` is its pages'."""

    slot: int
    pid: int
    born: float
    lanes: tuple[str, ...]
    web: str
    certificate: str = ""

    @property
    def web_port(self) -> int:
        """Where it serves `/health` and `/metrics`."""
        return int(self.web.rpartition(":")[2])

    def health(self) -> dict[str, Any] | None:
        """What `/health` answers now, or None when nobody answers. Blocks up to two seconds."""
        try:
            trusted = self._trusted()
            with urllib.request.urlopen(f"{self.web}/health", timeout=ANSWER_SECONDS, context=trusted) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as unwell:
            return dict(json.load(unwell))
        except (OSError, ValueError):
            return None

    def _trusted(self) -> ssl.SSLContext | None:
        """How its certificate is checked: it is the very one that it says it serves, whatever name that has."""
        if not self.certificate:
            return None
        context = ssl.create_default_context(cafile=self.certificate)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = False
        return context

    def is_ready(self) -> bool:
        """Whether it is live and ready now. Blocks up to two seconds."""
        health = self.health()
        return health is not None and bool(health.get("ready"))


def directory(settings: Settings) -> Path:
    """Where the files are."""
    return settings.stack.directory / "workers"


def announce(settings: Settings, slot: int, lanes: Sequence[str], web_port: int) -> Presence:
    """Writes this process's file; called when the web pages are served."""
    process = psutil.Process()
    certificate = settings.worker.web_certificate
    web = f"{'http' if certificate is None else 'https'}://{settings.worker.web_host}:{web_port}"
    shown = "" if certificate is None else str(certificate.absolute())
    presence = Presence(slot, process.pid, process.create_time(), tuple(lanes), web, shown)
    path = directory(settings) / f"{slot}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    half_written = path.with_suffix(f".{os.getpid()}")
    try:
        half_written.write_text(json.dumps(asdict(presence)))
        half_written.replace(path)
    except OSError:
        half_written.unlink(missing_ok=True)
        raise
    return presence


async def keep_announcing(make: Callable[[], object], pause: float = AGAIN_SECONDS) -> None:
    """Announces this process, and tries again until it is written: a full disk keeps no worker from its work."""
    while True:
        try:
            make()
        except OSError as error:
            log.warning("no file tells where this worker's pages are, trying again", error=str(error), pause=pause)
            await asyncio.sleep(pause)
        else:
            return


def present(settings: Settings) -> list[Presence]:
    """The workers of this machine that live now, by slot."""
    found = [read(path) for path in directory(settings).glob("*.json")]
    return sorted((one for one in found if one is not None), key=lambda one: one.slot)


def read(path: Path) -> Presence | None:
    """The worker that wrote the file, if it lives still."""
    try:
        values = json.loads(path.read_text())
        presence = Presence(**{**values, "lanes": tuple(values["lanes"])})
        same = abs(psutil.Process(presence.pid).create_time() - presence.born) < 0.1
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return presence if same else None
