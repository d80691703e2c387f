"""R10: what many clients did and saw under every fault, held against what a log can explain, as Jepsen does."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from random import Random

import psutil

from streams.proof import aftermath
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.campaign.trials.networks import drawn, reached_by
from streams.proof.crashed import crashed
from streams.proof.history.check import Analysis, check
from streams.proof.history.workload import RATE, record
from streams.proof.outages import paused, restart
from streams.proof.proxy import FrameProxy
from streams.proof.site import Site
from streams.proof.toxics import Stall
from streams.proof.works import FORGIVING
from streams.stack.testing import StackForTests
from streams.supervisor import Supervisor

WORKERS = 3
LASTS = 0.6
"""Which part of its period a fault lasts."""
LEAST_SHARE = 0.1
"""So much of the rate must come through: the sends of a history in which nearly all fail mean nothing."""
MISSING = ("lost write", "unseen")
DUPLICATES = ("duplicate",)
DISORDERS = ("reordered", "poll skip", "non-monotonic poll", "non-monotonic send", "inconsistent offsets")


class Disturber:
    """Faults in turn, on workers, their broker, and the ways between them, each mended before the next."""

    def __init__(self, stack: StackForTests, ways: Sequence[FrameProxy], one: Round) -> None:
        self._stack, self._ways, self._one, self._random = stack, ways, one, Random(one.seed)
        self._kinds: Mapping[str, Callable[[Supervisor], None]] = {
            "worker kills": self._kill_worker,
            "worker pauses": self._pause_worker,
            "broker kills": lambda _: restart(stack, hard=True),
            "broker pauses": lambda _: self._last(paused(stack.settings)),
            "network cuts": lambda _: self._last(self._cut()),
        }
        self.plan = drawn(self._random, tuple(self._kinds), one.count("faults"))

    def disturb(self, supervisor: Supervisor) -> None:
        """Carries the plan out, a fault in each period. Blocks."""
        for kind in self.plan:
            end = time.monotonic() + self._one.sizes["period"]
            self._one.say(kind)
            self._kinds[kind](supervisor)
            time.sleep(max(0.0, end - time.monotonic()))

    def _kill_worker(self, supervisor: Supervisor) -> None:
        supervisor.kill(self._random.randrange(WORKERS))

    def _pause_worker(self, supervisor: Supervisor) -> None:
        pid = supervisor.pids().get(self._random.randrange(WORKERS))
        if pid is not None:
            self._last(asleep(pid))

    @contextmanager
    def _cut(self) -> Iterator[None]:
        cut = self._random.sample(self._ways, self._random.choice((1, WORKERS)))
        with ExitStack() as context:
            for way in cut:
                context.enter_context(way.under(Stall()))
            yield

    def _last(self, fault: AbstractContextManager[None]) -> None:
        with fault:
            time.sleep(self._one.sizes["period"] * LASTS)


@contextmanager
def asleep(pid: int) -> Iterator[None]:
    """A process that stands still for a time, if it is there."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).send_signal(signal.SIGCONT)


def run(ground: Ground, one: Round) -> Tally:
    """One history: workers, each with a way of its own to a broker of their own, and faults on all of them."""
    with ground.stack() as stack, ExitStack() as context:
        site = Site.made(stack.settings)
        ways = [context.enter_context(FrameProxy(stack.bootstrap)) for _ in range(WORKERS)]
        slots = range(WORKERS)
        supervisor = Supervisor(
            WORKERS,
            only=[site.processor],
            environment=site.environment,
            settings=site.settings,
            slots=slots,
            policy=FORGIVING,
        )
        supervisor.start()
        context.callback(supervisor.stop)
        for slot, way in enumerate(ways):
            supervisor.revive(slot, reached_by(site.settings, way.bootstrap))
            supervisor.kill(slot)
        disturber = Disturber(stack, ways, one)
        seconds = one.sizes["faults"] * one.sizes["period"]
        history = record(site, supervisor, seconds, one.seed, disturber.disturb)
        supervisor.stop()
        topics = [site.results, site.binding.repeats, site.settings.dead_letters]
        left = aftermath.unsettled(site.settings, topics)
        analysis = check(history, wanted=int(LEAST_SHARE * RATE * seconds))
    found = tally_of(analysis, disturber.plan, len(left))
    return replace(found, problems=(*found.problems, *crashed(supervisor)))


def tally_of(analysis: Analysis, plan: Sequence[str], left_open: int) -> Tally:
    """A history's verdict as the campaign counts."""
    found = analysis.anomalies
    known = {*MISSING, *DUPLICATES, *DISORDERS}
    counts = analysis.counts
    return Tally(
        succeeded=counts.ok,
        kills=sum(kind.endswith("kills") for kind in plan),
        faults=len(plan),
        duplicates=sum(found[name] for name in DUPLICATES),
        missing=sum(found[name] for name in MISSING),
        disorders=sum(found[name] for name in DISORDERS),
        wrong=sum(count for name, count in found.items() if name not in known),
        open_transactions=left_open,
        figures={
            "seen by readers": counts.seen,
            "failed or aborted": counts.fail,
            "of unknown end": counts.info,
            **{kind: plan.count(kind) for kind in sorted(set(plan))},
        },
        problems=() if analysis.holds else tuple(analysis.lines()[1:]),
    )


TRIAL = Trial(
    code="R10",
    name="histories",
    run=run,
    scales={
        "short": Scale(rounds=1, sizes={"faults": 5, "period": 5}, least={"succeeded": 250, "faults": 5}),
        "full": Scale(rounds=30, sizes={"faults": 10, "period": 12}, least={"succeeded": 36_000, "faults": 300}),
    },
)
