"""R19: hours at half of what the machine bears, a kill each minute: memory, file handles and lag stay as they are."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from statistics import median

import psutil
from confluent_kafka import Message

from streams.client.connection import admin
from streams.proof import aftermath
from streams.proof.asked import Asked, requests
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.scene import ENDLESS, SETTLE_SECONDS, Stuck, tally
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Round, Scale, Trial
from streams.proof.crashed import crashed
from streams.proof.load import Load
from streams.proof.site import Site
from streams.proof.stride import Stride
from streams.proof.upkeep import Need, Span, look, steepest
from streams.proof.watcher import AnswerReader, Watcher
from streams.supervisor import Supervisor

KEYS, WORKERS = 100, 3
MIGHT_DIE = (1, 2)
"""Slot 0 is never struck: only of a process that lives on can be said whether it grows."""
REMEMBERED = {"entries": 5_000}
"""Answers that a partition remembers: soon as many as there may be, or memory would grow as it should."""
RETENTION_HOURS = 0.25
LOOKS = 720


class Flow(Load):
    """A load that counts what it sent of each key, and remembers nothing else."""

    def __init__(self, site: Site, drawn: Iterator[Asked], rate: float | None = None) -> None:
        super().__init__(site, drawn, rate)
        self.by_key: Counter[str] = Counter()

    def _keep(self, asked: Asked, message: Message) -> None:
        self.by_key[asked.key] += 1


@dataclass
class Looks:
    """What each process needed, and how many records were behind open transactions, moment by moment."""

    needs: dict[int, list[Need]] = field(default_factory=dict)
    lags: list[int] = field(default_factory=list)

    def take(self, pids: set[int], lag: int, now: float) -> None:
        """One look at all of them."""
        self.lags.append(lag)
        for pid in pids:
            need = look(pid, now)
            if need is not None:
                self.needs.setdefault(pid, []).append(need)

    def lag_grown(self) -> float:
        """By how much the last quarter's median lag is above the second quarter's, in records."""
        quarter = max(1, len(self.lags) // 4)
        return median(self.lags[-quarter:]) - median(self.lags[quarter : 2 * quarter] or self.lags)


class Soak:
    """A site under a flow for as long as a round says."""

    def __init__(self, site: Site, one: Round) -> None:
        self._site, self._one, self._random = site, one, Random(one.seed)
        self._stride, self._looks, self._kills = Stride(), Looks(), 0
        self._supervisor = Supervisor(
            WORKERS, only=[site.processor], environment=site.environment, settings=site.settings, slots=range(WORKERS)
        )
        self._watcher = Watcher(site.settings, [site.results], AnswerReader(site, self._stride).see)
        self._admin = admin(site.settings)
        self._topics = [site.results, site.binding.repeats, site.settings.dead_letters]

    def run(self) -> Tally:
        """Finds what the machine bears, then lets half of that flow and strikes; blocks until all is answered."""
        drawn = requests(ENDLESS, KEYS, self._random)
        burst = Flow(self._site, islice(drawn, self._one.count("burst")))
        with self._watcher:
            self._supervisor.start()
            try:
                rate = self._bears(burst) / 2
                flow = Flow(self._site, drawn, rate)
                flow.start()
                began, ended = self._strike_and_look()
                flow.cease()
                sent = burst.by_key + flow.by_key
                self._await(sent.total())
            finally:
                self._supervisor.stop()
        return self._tally(sent, Span((began + ended) / 2, ended), rate)

    def _bears(self, burst: Flow) -> float:
        """How many requests a second are answered when they come as fast as they can."""
        burst.start()
        self._await(1)
        began = time.monotonic()
        burst.finish()
        self._await(burst.sent)
        return burst.sent / (time.monotonic() - began)

    def _strike_and_look(self) -> tuple[float, float]:
        began = time.monotonic()
        seconds, kills = self._one.sizes["seconds"], self._one.count("kills")
        every = max(1.0, seconds / LOOKS)
        while (now := time.monotonic()) < began + seconds:
            if now >= began + seconds * (self._kills + 0.5) / kills:
                self._strike()
            lag = sum(aftermath.unsettled(self._site.settings, self._topics, self._admin).values())
            self._looks.take(self._processes(), lag, now)
            time.sleep(max(0.0, now + every - time.monotonic()))
        return began, time.monotonic()

    def _strike(self) -> None:
        self._kills += self._supervisor.kill(self._random.choice(MIGHT_DIE)) is not None
        if self._kills % 10 == 0:
            self._one.say(f"{self._kills} kills, {self._stride.answers:,} answers")

    def _processes(self) -> set[int]:
        """The workers, the process that they are forked from, and this one, which supervises them."""
        workers = set(self._supervisor.pids().values())
        parents = set()
        for pid in workers:
            try:
                parents.add(psutil.Process(pid).ppid())
            except psutil.NoSuchProcess:
                continue
        return {os.getpid(), *workers, *parents}

    def _await(self, answers: int) -> None:
        if not self._watcher.wait(lambda: self._stride.answers >= answers, SETTLE_SECONDS):
            raise Stuck(f"{self._stride.answers} of {answers} answers came, and no more")

    def _tally(self, sent: Counter[str], judged: Span, rate: float) -> Tally:
        slope, handles = steepest(self._looks.needs, judged)
        verdict = self._stride.verdict(sent)
        open_now = aftermath.unsettled(self._site.settings, self._topics, self._admin)
        return tally(
            verdict,
            verdict,
            len(open_now) + len(aftermath.open_transactions(self._site.settings, self._site.binding.group)),
            kills=self._kills,
            faults=self._kills,
            figures={
                "load": rate,
                "memory slope": slope,
                "handles grown": handles,
                "LSO lag grown": self._looks.lag_grown() / rate,
                "longest LSO lag": max(self._looks.lags) / rate,
            },
            problems=crashed(self._supervisor),
        )


def run(ground: Ground, one: Round) -> Tally:
    """One soak."""
    site = Site.made(ground.settings, lane={"repeats": REMEMBERED}, topics={"retention_hours": RETENTION_HOURS})
    return Soak(site, one).run()


TRIAL = Trial(
    code="R19",
    name="soak",
    run=run,
    scales={
        "short": Scale(
            rounds=1,
            sizes={"seconds": 45, "kills": 3, "burst": 10_000},
            least={"succeeded": 10_000, "kills": 3},
        ),
        "full": Scale(
            rounds=1,
            sizes={"seconds": 3_600, "kills": 60, "burst": 100_000},
            least={"succeeded": 1_000_000, "kills": 60},
            most={"memory slope": 5, "handles grown": 3, "LSO lag grown": 0.2},
        ),
    },
)
