"""Keeps a host process alive: starts it, and starts it again when it ends, with a growing pause while it can't."""

import asyncio
import logging
from typing import Protocol

from processors.errors import ProcessorUnavailable
from processors.host.bisection import Death
from processors.host.life import DiedYoung, Life
from processors.host.messages import Begin, Done, Spoilt
from schemas.errors import Misconfigured

log = logging.getLogger(__name__)
_FIRST_STARTS = 3
_STOP_SECONDS = 5.0
_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0


class Charge(Protocol):
    """Who the keeper works for."""

    def began(self) -> None:
        """A process is ready."""

    def answered(self, answer: Done | Spoilt) -> None:
        """The process answered a run."""

    def ended(self, death: Death, how: str) -> None:
        """The process, ready or still starting, ended, and another is on its way."""


class Keeper:
    """One host process after the other. `life` is the present one while it is ready."""

    def __init__(self, name: str, begin: Begin, start_seconds: float, charge: Charge) -> None:
        self.life: Life | None = None
        self.running = False
        self.restarts = 0
        self.stop_seconds = _STOP_SECONDS
        self.description: dict[str, str] = {}
        self._name = name
        self._begin = begin
        self._start_seconds = start_seconds
        self._charge = charge
        self._young: Life | None = None
        self._revival: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the first process. Raises ProcessorUnavailable when it can't load, or ends again and again.

        Misconfigured when no process with these settings can load.
        """
        self.running = True
        try:
            await self._start_first()
        except BaseException:
            self.running = False
            raise

    def kill(self, death: Death) -> None:
        """End the process; the next is on its way when `ended` is called."""
        if self.life is not None:
            self.life.kill(death)

    async def stop(self) -> None:
        """End the process for good. May be called twice."""
        self.running = False
        if self._revival is not None:
            self._revival.cancel()
            await asyncio.gather(self._revival, return_exceptions=True)
        if self.life is not None:
            await self.life.stop(self.stop_seconds)
        if self._young is not None:
            await self._young.stop(0.0)
        self.life = self._young = None

    async def _start_first(self) -> None:
        for left in reversed(range(_FIRST_STARTS)):
            try:
                await self._bring_up()
                return
            except (ProcessorUnavailable, OSError) as error:
                raise ProcessorUnavailable(f"{self._name} can't start: {error}") from error
            except Misconfigured as error:
                raise Misconfigured(f"{self._name} can't start: {error}") from error
            except DiedYoung as death:
                if not left:
                    raise ProcessorUnavailable(
                        f"{self._name} can't start: its host process ended {_FIRST_STARTS} times while loading"
                        f" (the last: {death}); see its output above"
                    ) from death

    async def _bring_up(self) -> None:
        life = self._young = Life(self._begin, self._charge.answered, self._ended)
        self.description = await life.ready(self._start_seconds)
        self._young, self.life = None, life
        log.info("%s is ready: %s", self._name, self.description)
        self._charge.began()

    def _ended(self, death: Death, how: str) -> None:
        self.life = None
        if self.running:
            self._charge.ended(death, how)
            self.restarts += 1
            self._revival = asyncio.get_running_loop().create_task(self._revive())

    async def _revive(self) -> None:
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            try:
                await self._bring_up()
                return
            except (ProcessorUnavailable, Misconfigured, DiedYoung, OSError) as error:
                pause = min(max(pause * 2, _PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
                log.error("%s can't start again, next attempt in %g s: %s", self._name, pause, error)
                self._charge.ended(Death.KILLED, str(error))
