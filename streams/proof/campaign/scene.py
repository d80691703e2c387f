"""A lane at work under a load of known requests, and a reader with `read_committed` all the while.

What a trial does to it is the trial's own; what came of it is counted here, in the same way for every trial.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Self

from schemas.errors import SluicegateError
from streams.client.reading import TopicReader
from streams.crew import Crew
from streams.proof import aftermath
from streams.proof.asked import requests
from streams.proof.campaign.tally import Tally
from streams.proof.crashed import crashed
from streams.proof.ledger import Ledger, Outage, Verdict
from streams.proof.load import Load
from streams.proof.site import Site
from streams.proof.watcher import AnswerReader, Watcher
from streams.restarts import RestartPolicy
from streams.supervisor import Supervisor

SETTLE_SECONDS = 60.0
ENDLESS = sys.maxsize
"""So many requests that a load goes on until it ceases."""


class Stuck(SluicegateError):
    """No answers came for too long: the trial can't go on."""


@dataclass(frozen=True, slots=True)
class Demand:
    """So many requests over so many keys, in an order that `random` gives, at most `rate` of them a second."""

    requests: int
    random: Random
    keys: int = 100
    rate: float = 2_000.0


class Scene:
    """Workers of a site, their load and its readers; a context manager, and nothing of it runs afterwards.

    Entering starts the reader, the workers (`slots`, or the lowest `workers` ones) and the load. `environment` is
    added to the workers' alone. `sender` is the kind of load. Any thread may call the methods; those that wait raise
    Stuck when no more than so much came within `settle_seconds`.
    """

    def __init__(
        self,
        site: Site,
        demand: Demand,
        *,
        workers: int = 3,
        slots: Sequence[int] | None = None,
        environment: Mapping[str, str] | None = None,
        crew: Crew | None = None,
        policy: RestartPolicy | None = None,
        sender: type[Load] = Load,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self.site, self.demand, self.ledger = site, demand, Ledger()
        self.supervisor = Supervisor(
            workers if slots is None else len(slots),
            only=[site.processor],
            environment={**site.environment, **(environment or {})},
            settings=site.settings,
            slots=slots,
            policy=policy,
            crew=crew,
        )
        self.load = sender(site, requests(demand.requests, demand.keys, demand.random), demand.rate)
        self.watcher = Watcher(site.settings, [site.results], AnswerReader(site, self.ledger).see)
        self._settle = settle_seconds

    def __enter__(self) -> Self:
        self.watcher.start()
        try:
            self.supervisor.start()
            self.load.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.load.ident is not None:
            self.load.stop()
        self.supervisor.stop()
        self.watcher.stop()

    @property
    def answered(self) -> int:
        """How many requests have a committed answer."""
        return len(self.ledger.answered)

    def reach(self, goal: float, within: float | None = None) -> None:
        """Blocks until so many requests are answered."""
        seconds = self._settle if within is None else within
        if not self.watcher.wait(lambda: self.answered >= goal, seconds):
            self.load.check()
            raise Stuck(
                f"{self.answered} requests are answered, {self.load.sent} were sent, {len(self.load.places)} reached "
                f"the log, and {goal:.0f} answers did not come within {seconds:g} s"
            )

    def go_on(self, more: float) -> None:
        """Lets the load go on, and blocks until so many more requests are answered."""
        goal = self.answered + more
        self.load.allowed = max(self.load.allowed, goal)
        self.reach(goal)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """A time in which no broker is there by the trial's doing: no partition's stall has it in it."""
        outage = Outage(time.monotonic())
        self.ledger.outages.append(outage)
        try:
            yield
        finally:
            outage.ended = time.monotonic()

    def catch_up(self, within: float | None = None) -> None:
        """Blocks until every request that is in the log now is answered, while the load goes on."""
        asked = list(self.load.places.values())
        seconds = self._settle if within is None else within
        if not self.watcher.wait(lambda: not self._left(asked), seconds):
            left = self._left(asked)
            raise Stuck(f"{len(left)} of {len(asked)} requests were not answered within {seconds:g} s, as at {left[0]}")

    def _left(self, asked: list[str]) -> list[str]:
        # Those that are answered are not looked at again.
        asked[:] = [place for place in asked if place not in self.ledger.answered]
        return asked

    def in_pieces(self, faults: int) -> Callable[[float], None]:
        """What a storm calls before each fault: the load is cut in pieces, and goes on to the end of that fault's."""
        piece = self.demand.requests / (faults + 1)

        def reach(place: float) -> None:
            self.load.allowed = (int(place) + 1) * piece
            self.reach(place * piece)

        return reach

    def spread(self, faults: int) -> Iterator[int]:
        """The numbers of so many faults, each when its equal share of the requests is answered."""
        reach = self.in_pieces(faults)
        for number in range(faults):
            reach(number + self.demand.random.uniform(0.1, 0.9))
            yield number

    def finish(self) -> None:
        """Lets the rest of the load flow; blocks until it is sent, and answered or overdue (which is counted)."""
        self.load.allowed = math.inf
        self.load.finish()
        self.watcher.wait(lambda: self.answered >= self.demand.requests, self._settle)

    def cease(self) -> None:
        """Ends a load that had no end of its own; blocks until it is answered or overdue (which is counted)."""
        self.load.cease()
        self.watcher.wait(lambda: self.answered >= len(self.load.places), self._settle)

    def verdict(self) -> Verdict:
        """What the reader saw that was there all the while."""
        return self.ledger.verdict(self.load.places)

    def read_again(self) -> Verdict:
        """What a reader sees who comes now. Blocks."""
        ledger = Ledger()
        reader, answers = TopicReader(self.site.settings, "again"), AnswerReader(self.site, ledger)
        for record in reader.read(reader.spans(reader.partitions([self.site.results]))):
            answers.see(record)
        return ledger.verdict(self.load.places)

    def unsettled(self) -> dict[str, int]:
        """How many records of each partition that the lane writes lie behind an open transaction."""
        topics = [self.site.results, self.site.binding.repeats, self.site.settings.dead_letters]
        return aftermath.unsettled(self.site.settings, topics)

    def open_transactions(self) -> list[str]:
        """The lane's transactions that Kafka's own tool does not call finished. Blocks: it starts Java."""
        return aftermath.open_transactions(self.site.settings, self.site.binding.group)

    def tally(
        self,
        *,
        kills: int = 0,
        faults: int = 0,
        figures: Mapping[str, float] | None = None,
        problems: Sequence[str] = (),
    ) -> Tally:
        """What came of it, for both readers; to be called when the scene is over. Blocks for some seconds."""
        return tally(
            self.verdict(),
            self.read_again(),
            len(self.unsettled()) + len(self.open_transactions()),
            kills=kills,
            faults=faults,
            figures=figures,
            problems=(*problems, *crashed(self.supervisor)),
        )


def tally(
    during: Verdict,
    afterwards: Verdict,
    open_transactions: int,
    *,
    kills: int = 0,
    faults: int = 0,
    figures: Mapping[str, float] | None = None,
    problems: Sequence[str] = (),
) -> Tally:
    """What both readers saw, the one that was there all the while and the one that came afterwards. Pure."""
    both = (during, afterwards)
    return Tally(
        succeeded=min(verdict.asked - verdict.missing for verdict in both),
        kills=kills,
        faults=faults,
        duplicates=max(verdict.duplicates for verdict in both),
        missing=max(verdict.missing for verdict in both),
        disorders=max(verdict.disorders for verdict in both),
        wrong=max(verdict.wrong + verdict.strangers for verdict in both),
        open_transactions=open_transactions,
        longest_stall=during.longest_gap,
        figures=dict(figures or {}),
        problems=(*problems, *(example for verdict in both for example in verdict.examples)),
    )
