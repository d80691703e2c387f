"""One life of a host process: spawned, warm, answering, ended."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Any

from processors.errors import ProcessorUnavailable
from processors.host.bisection import Death
from processors.host.link import Link
from processors.host.messages import Begin, Done, End, Ready, Refused, Run, Spoilt
from schemas.errors import Misconfigured

log = logging.getLogger(__name__)
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class DiedYoung(Exception):
    """The host ended before it was ready."""


class Life:
    """A running host process. `on_answer` gets each Done and Spoilt; `on_end` the death, once, unless never ready."""

    def __init__(
        self, begin: Begin, on_answer: Callable[[Done | Spoilt], None], on_end: Callable[[Death, str], None]
    ) -> None:
        self._on_answer = on_answer
        self._on_end = on_end
        self._ready: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._death: Death | None = None
        self._link = Link(self._heard, self._ended)
        self._link.send(begin)

    @property
    def pid(self) -> int:
        """The host's process id."""
        return self._link.pid

    async def ready(self, seconds: float) -> dict[str, str]:
        """Wait until the model is warm, and return what runs.

        Raises ProcessorUnavailable if the model can't be loaded or takes longer, Misconfigured if the settings are why,
        DiedYoung if the process ended.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._ready), seconds)
        except TimeoutError:
            raise ProcessorUnavailable(f"its model was not warm after {seconds:g} s") from None
        finally:
            if not self._ready.done() or self._ready.exception() is not None:
                self._link.kill()

    def run(self, number: int, count: int, payload: Any) -> None:
        """Have a batch inferred. Raises what pickle raises for a payload that it can't carry."""
        self._link.send(Run(number, count, payload))

    def kill(self, death: Death) -> None:
        """End the process at once; `on_end` follows, with this death."""
        self._death = self._death or death
        self._link.kill()

    async def stop(self, seconds: float) -> None:
        """Have it finish what it was sent, and end; kill it after `seconds`. Returns when the process is gone."""
        if not self._over.is_set():
            self._link.send(End())
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            log.warning("host %d did not end within %g s, and is killed", self.pid, seconds)
            self._link.kill()
            await self._over.wait()

    def _heard(self, message: Any) -> None:
        match message:
            case Done() | Spoilt():
                self._on_answer(message)
            case Ready(description):
                self._ready.set_result({**description, "pid": str(self.pid)})
            case Refused(reason, misconfigured):
                self._ready.set_exception(Misconfigured(reason) if misconfigured else ProcessorUnavailable(reason))

    def _ended(self, status: int) -> None:
        self._over.set()
        how = f"exit status {status}" if status >= 0 else signal.Signals(-status).name
        if self._ready.done():
            if self._ready.exception() is None:
                self._on_end(self._death or _death_of(status), how)
        else:
            self._ready.set_exception(DiedYoung(how))
            self._ready.exception()  # nobody need be waiting


def _death_of(status: int) -> Death:
    return Death.KILLED if -status in _FROM_OUTSIDE else Death.CRASHED
