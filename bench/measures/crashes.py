"""kill -9 for this project and for its peers, with the same load, kills and checker."""

import itertools
import math
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench.environment import Bench
from bench.fleets import FAUST, QUIX, Command, Copiers, Fleet, Workers, kafka_streams
from bench.peers.copy_task import CopyTask
from streams.client.record import Record
from streams.proof.asked import requests
from streams.proof.campaign.scene import ENDLESS
from streams.proof.ledger import Answer, Ledger, Verdict
from streams.proof.load import Load
from streams.proof.rows import Row, at_most, reported, say
from streams.proof.site import Site
from streams.proof.watcher import AnswerReader, Watcher

RATE, KEYS, INSTANCES, SEED = 1_000.0, 100, 2, 17
SESSION_MS, TRANSACTION_MS = 6_000, 10_000
STEADY_SECONDS, RECENT_SECONDS, AFTER_SECONDS = 2.0, 0.5, 4.0
READY_SECONDS, SETTLE_SECONDS = 180.0, 120.0
GOAL_SECONDS, GONE_EXTRA_SECONDS = 1.5, 2.0
OURS = "Sluicegate"


class CopyReader:
    """Turns copied requests into the ledger's answers: the copy of a request is its answer."""

    def __init__(self, site: Site, ledger: Ledger) -> None:
        self._codec, self._ledger = site.codec("request"), ledger

    def see(self, record: Record) -> None:
        """Notes one committed copy."""
        request = self._codec.decode(record.value or b"")
        name = str(request["request_id"])
        place = (record.partition, record.offset)
        self._ledger.note(Answer(name, "COMPLETED", request["payload"], name, *place, False, time.monotonic()))


class Arrivals:
    """When records came, by partition."""

    def __init__(self, partitions: int) -> None:
        self._moments: list[list[float]] = [[] for _ in range(partitions)]

    def note(self, partition: int) -> None:
        """A record came now."""
        self._moments[partition].append(time.monotonic())

    def steady(self, since: float, now: float) -> bool:
        """Whether all partitions have had records since then, and lately."""
        last = [one[-1] if one else 0.0 for one in self._moments]
        return now > since + STEADY_SECONDS and all(moment > since and now - moment < RECENT_SECONDS for moment in last)

    def longest_gap(self, since: float) -> float:
        """The longest time between two records of one partition, or since the last of one."""
        now = time.monotonic()
        every = [[*one[bisect_left(one, since) :], now] for one in self._moments]
        return max(later - earlier for one in every for earlier, later in itertools.pairwise([since, *one]))


@dataclass(frozen=True)
class Outcome:
    """What came of so many kills; a stall that did not end is infinite."""

    verdict: Verdict
    kills: int
    stalls: tuple[float, ...]


@dataclass(frozen=True)
class Contestant:
    """Who is struck. `command` is None for this project, whose answers are results and not copies."""

    name: str
    command: Command | None

    def site(self, bench: Bench) -> Site:
        """Topics of its own."""
        ours = {} if self.command is None else {"transaction_timeout_ms": TRANSACTION_MS}
        return Site.made(bench.settings, kafka={"session_timeout_ms": SESSION_MS, **ours})

    def fleet(self, bench: Bench, site: Site) -> Fleet:
        """Its instances."""
        if self.command is None:
            return Workers(site, INSTANCES)
        group = bench.name(self.name.lower().replace(" ", "-"))
        servers = (bench.bootstrap, site.requests, site.results, group)
        tasks = [
            CopyTask(*servers, f"{group}-{number}", str(bench.folder / f"{group}-{number}"), SESSION_MS, TRANSACTION_MS)
            for number in range(INSTANCES)
        ]
        return Copiers(bench, tasks, self.command)


class Trial:
    """One contestant under load while its instances are killed, one after the other."""

    def __init__(self, bench: Bench, contestant: Contestant) -> None:
        self._site = contestant.site(bench)
        self._fleet = contestant.fleet(bench, self._site)
        self._copies = contestant.command is not None
        self._ledger = Ledger()
        self._arrivals = Arrivals(self._site.settings.topics.partitions)
        reader = (CopyReader if self._copies else AnswerReader)(self._site, self._ledger)
        self._read: Callable[[Record], None] = reader.see
        self._watcher = Watcher(self._site.settings, [self._site.results], self._see)
        self._random = Random(SEED)
        self._load = Load(self._site, requests(ENDLESS, KEYS, self._random), RATE)

    def run(self, kills: int, *, restarted: bool) -> Outcome:
        """So many kills; blocks until all is answered, or nothing has come for long."""
        stalls: list[float] = []
        with self._watcher:
            self._fleet.start()
            try:
                self._load.start()
                self._wait_steady(time.monotonic())
                while len(stalls) < kills and not (stalls and math.isinf(stalls[-1])):
                    stalls.append(self._stall(self._random.randrange(INSTANCES), restarted))
                    say(f"stalled for {stalls[-1]:.2f} s")
                self._load.cease()
                self._wait_answered()
            finally:
                self._load.stop()
                self._fleet.stop()
        places = self._load.places
        asked = {name: name for name in places} if self._copies else places
        return Outcome(self._ledger.verdict(asked), len(stalls), tuple(stalls))

    def _stall(self, victim: int, restarted: bool) -> float:
        killed = time.monotonic()
        (self._fleet.strike if restarted else self._fleet.remove)(victim)
        if not self._wait_steady(killed):
            return math.inf
        time.sleep(AFTER_SECONDS)
        gap = self._arrivals.longest_gap(killed)
        if not restarted:
            again = time.monotonic()
            self._fleet.bring_back(victim)
            if not self._wait_steady(again + STEADY_SECONDS):
                return math.inf
        return gap

    def _wait_steady(self, since: float) -> bool:
        return self._watcher.wait(lambda: self._arrivals.steady(since, time.monotonic()), READY_SECONDS)

    def _wait_answered(self) -> None:
        count = -1
        while len(self._ledger.answered) > count:
            count = len(self._ledger.answered)
            if self._watcher.wait(lambda: len(self._ledger.answered) >= len(self._load.places), SETTLE_SECONDS):
                return

    def _see(self, record: Record) -> None:
        self._arrivals.note(record.partition)
        self._read(record)


def measure(contestant: Contestant) -> Callable[[Bench], list[Row]]:
    """Killed and restarted, then killed and never back."""

    def rows(bench: Bench) -> list[Row]:
        found = Trial(bench, contestant).run(bench.size(8, 1), restarted=True)
        gone = Trial(bench, contestant).run(bench.size(3, 1), restarted=False)
        return [
            *judged(contestant, "restarted", found, GOAL_SECONDS),
            *judged(contestant, "never back", gone, SESSION_MS / 1000 + GONE_EXTRA_SECONDS),
        ]

    return rows


def judged(contestant: Contestant, case: str, outcome: Outcome, goal: float) -> list[Row]:
    """The rows of a case; only this project has goals."""
    name, longest = f"{contestant.name}, {case}", max(outcome.stalls)
    note = f"{outcome.kills} kills, {outcome.verdict.asked:,} requests" + (
        f"; it did not go on within {READY_SECONDS:g} s" if math.isinf(longest) else ""
    )
    figures = {
        "duplicates": (float(outcome.verdict.duplicates), "", 0.0),
        "missing": (float(outcome.verdict.missing), "", 0.0),
        "longest stall": (min(longest, READY_SECONDS), "s", goal),
    }
    if contestant.name == OURS:
        return [at_most(f"{name}: {what}", value, unit, most, note) for what, (value, unit, most) in figures.items()]
    return [reported(f"{name}: {what}", value, unit, note) for what, (value, unit, _) in figures.items()]


CONTESTANTS = (
    Contestant(OURS, None),
    Contestant("Kafka Streams", kafka_streams),
    Contestant("Quix Streams", QUIX),
    Contestant("Faust", FAUST),
)
