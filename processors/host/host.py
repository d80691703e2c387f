"""A runner with a process of its own for one device: feeds it, and settles what comes of each run.

Which records run next, and which are to blame, `bisection` decides; `Keeper` keeps a process alive.
"""

import asyncio
import itertools
import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from processors.contract import Declaration, DeviceSettings, Inference
from processors.errors import RunnerStopped
from processors.host import verdicts
from processors.host.bisection import Bisection, Death, Group
from processors.host.jobs import Job
from processors.host.keeper import Keeper
from processors.host.messages import Begin, Done, Spoilt, Trouble
from processors.host.patience import Patience
from processors.loading import reference_to
from schemas.outcome import Outcome

log = logging.getLogger(__name__)


class Host:
    """Runs a processor on one device. Belongs to one event loop, in whose thread the process is started.

    The kernel ends the process when that thread ends, so the thread must live as long as the host.
    """

    def __init__(
        self,
        declaration: Declaration,
        device: DeviceSettings | None = None,
        *,
        timeout_seconds: float | None = None,
        slots: int | None = None,
        start_seconds: float = 300.0,
    ) -> None:
        self.slots = slots or declaration.slots
        self._name = declaration.name
        self._wire = declaration.wire
        self._patience = Patience(timeout_seconds or declaration.timeout_seconds)
        self._bisection = Bisection(self.slots)
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count()
        self._runs: dict[int, tuple[Group, float]] = {}
        self._sent_at = 0.0
        self._answered_at: float | None = None
        self._oldest: int | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        device = device or DeviceSettings()
        begin = Begin(declaration.implementation, reference_to(self._wire), device)
        self._keeper = Keeper(declaration.name, begin, start_seconds, self)

    @property
    def ready(self) -> bool:
        """The model is warm, and answers."""
        return self._keeper.life is not None

    @property
    def restarts(self) -> int:
        """How often the process had to be started again."""
        return self._keeper.restarts

    @property
    def found_at(self) -> float | None:
        """While it looks for records that hang or kill: when it last answered one (time.monotonic); else None."""
        return self._answered_at if self._bisection.searching else None

    @property
    def pid(self) -> int | None:
        """The process id of the host, None while there is none that is ready."""
        return self._keeper.life.pid if self._keeper.life else None

    @property
    def load(self) -> int:
        """Records that wait or run."""
        return self._bisection.load

    @property
    def _fed(self) -> bool:
        return self._keeper.life is not None and self._keeper.running

    async def start(self) -> None:
        """Start the process, load and warm the model. Raises ProcessorUnavailable."""
        try:
            await self._keeper.start()
        except BaseException:
            self._abandon()
            raise

    async def infer(self, records: Sequence[Mapping[str, Any]]) -> Inference:
        """Answer each record, in order. Raises RunnerStopped if it is not running, nothing for a record's sake."""
        if not self._keeper.running:
            raise RunnerStopped(f"the host of {self._name} is not running; await start() first")
        if not records:
            return Inference([], 0.0, [])
        number = next(self._numbers)
        job = self._jobs[number] = Job(records, asyncio.get_running_loop().create_future())
        self._bisection.submit(number, len(records))
        self._feed()
        try:
            return await job.future
        finally:
            del self._jobs[number]
            self._bisection.drop(number)

    async def stop(self) -> None:
        """Let the process finish what it was sent, for some seconds; `infer` then raises RunnerStopped for the rest."""
        await self._keeper.stop()
        self._cancel_timers()
        self._abandon()

    def describe(self) -> dict[str, Any]:
        """State and device, for people."""
        capacity = self._bisection.capacity.limit
        device = {**self._keeper.description, "ready": self.ready, "fits": capacity}
        return {"kind": "host", "ready": self.ready, "restarts": self.restarts, "devices": [device]}

    def began(self) -> None:
        """The process is ready: feed it."""
        self._bisection.started(monotonic())
        self._feed()

    def answered(self, answer: Done | Spoilt) -> None:
        """The process answered a run: settle its records, or try them again."""
        if isinstance(answer, Spoilt) and answer.trouble is Trouble.FATAL:
            log.error("%s lost its device (%s), and is restarted\n%s", self._name, answer.message, answer.trace)
            self._keeper.kill(Death.CRASHED)
            return
        group, sent_at = self._runs.pop(answer.number)
        if group.job not in self._jobs:
            self._bisection.abandoned(group, monotonic())
        elif isinstance(answer, Done):
            self._patience.completed(group, monotonic() - sent_at)
            self._done(group, answer)
        else:
            self._spoilt(group, answer)
        self._feed()

    def ended(self, death: Death, how: str) -> None:
        """The process died: whoever was in flight is suspected."""
        self._cancel_timers()
        self._runs.clear()
        suspects = [group for group in self._bisection.flight if group.job in self._jobs]
        log.warning("the host of %s ended (%s: %s) with %d runs in flight", self._name, death.value, how, len(suspects))
        orphans = [group.job for group in self._bisection.flight if group.job not in self._jobs]
        guilty = self._bisection.died(death, monotonic() - self._sent_at, orphans)
        if guilty is not None:
            verdict = verdicts.died(death, how, guilty.strikes, self._patience.timeout_seconds)
            self._answer(guilty, [verdict])

    def _feed(self) -> None:
        """Send what may be sent, and see that a run which takes too long is noticed."""
        while self._fed and (group := self._bisection.next(monotonic())) is not None:
            self._send(group)
        self._set_alarm()
        left = self._bisection.watch_left(monotonic()) if self._fed else 0.0
        if left > 0 and self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(left, self._watched)

    def _send(self, group: Group) -> None:
        life = self._keeper.life
        assert life is not None
        number = next(self._numbers)
        self._sent_at = monotonic()
        try:
            life.run(number, group.size, self._wire.pack(self._jobs[group.job].slice(group)))
        except Exception as error:
            self._blame(group, verdicts.refused(error))
        else:
            self._runs[number] = group, self._sent_at

    def _done(self, group: Group, done: Done) -> None:
        try:
            outcomes = self._wire.unpack_outcomes(done.payload, group.size)
            if len(outcomes) != group.size:
                raise ValueError(f"the wire unpacked {len(outcomes)} outcomes for {group.size} records")
        except Exception as error:
            self._blame(group, verdicts.refused(error))
            return
        self._bisection.completed(group, monotonic())
        self._answer(group, outcomes, done.seconds)

    def _spoilt(self, group: Group, spoilt: Spoilt) -> None:
        if spoilt.trouble is Trouble.MEMORY:
            log.info("%s ran out of memory on %d records: %s", self._name, group.size, spoilt.message)
            if self._bisection.out_of_memory(group, monotonic()):
                self._answer(group, [verdicts.out_of_memory(spoilt)])
        else:
            level = logging.WARNING if group.size == 1 else logging.DEBUG
            log.log(level, "%s raised on %d records: %s\n%s", self._name, group.size, spoilt.message, spoilt.trace)
            self._blame(group, verdicts.raised(spoilt))

    def _blame(self, group: Group, verdict: Outcome) -> None:
        if self._bisection.raised(group, monotonic()):
            self._answer(group, [verdict])

    def _answer(self, group: Group, outcomes: Sequence[Outcome], seconds: float = 0.0) -> None:
        self._answered_at = monotonic()
        if (job := self._jobs.get(group.job)) is not None:
            job.answer(group, outcomes, seconds)

    def _set_alarm(self) -> None:
        """The oldest run has its time to itself, from when it became the oldest."""
        oldest = next(iter(self._runs), None)
        if oldest == self._oldest:
            return
        self._oldest = oldest
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        if oldest is not None:
            group, _ = self._runs[oldest]
            seconds = self._patience.seconds(group)
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._overran, group, seconds)

    def _overran(self, group: Group, seconds: float) -> None:
        log.error("%s took longer than %g s for %d records, and its host is killed", self._name, seconds, group.size)
        self._patience.overran(group)
        self._keeper.kill(Death.OVERRAN)

    def _watched(self) -> None:
        self._watch = None
        self._feed()

    def _cancel_timers(self) -> None:
        for timer in (self._alarm, self._watch):
            if timer is not None:
                timer.cancel()
        self._alarm = self._watch = self._oldest = None

    def _abandon(self) -> None:
        for job in self._jobs.values():
            if not job.future.done():
                job.future.set_exception(RunnerStopped(f"the host of {self._name} was stopped"))
