"""Faults for all who take part in sagas: orchestrators, participants, processors, their hosts, and the broker.

As in `streams.proof.storm`, the plan follows from a seed, and each fault strikes while its piece of the load is under
way. Each party has workers in slots of its own; of each, at most one never comes back.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Self

import psutil
import structlog

from streams.crew import Crew
from streams.failpoints import VARIABLE
from streams.proof import saga_worker
from streams.proof.saga_site import SagaSite
from streams.proof.saga_worker import SEATS
from streams.proof.storm import WITHIN
from streams.restarts import RestartPolicy
from streams.supervisor import Supervisor

HOLD_SECONDS = 60.0
HOST = "processors.host.child"
FORGIVING = RestartPolicy(forgiven=1_000)
"""Deaths here are on purpose: no crash loop to slow down."""

log = structlog.get_logger(__name__)


class Party(StrEnum):
    """Who is struck."""

    ORCHESTRATOR = "orchestrator"
    PARTICIPANT = "participant"
    PROCESSOR = "processor"
    HOST = "host"
    BROKER = "broker"


class How(StrEnum):
    """How: killed; killed, and the next one dies within a transaction; killed, and nobody comes back."""

    KILL = "kill"
    WITHIN = "within"
    RETIRE = "retire"


WORKERS = (Party.ORCHESTRATOR, Party.PARTICIPANT, Party.PROCESSOR)
"""Those with slots, in their order."""
WEIGHTS = {Party.ORCHESTRATOR: 10, Party.PARTICIPANT: 8, Party.PROCESSOR: 3, Party.HOST: 4}


@dataclass(frozen=True, slots=True)
class Fault:
    """After which share of its piece, who, how, and a number that picks the victim and the failpoint."""

    share: float
    party: Party
    how: How
    pick: int


def plan(random: Random, kills: int, retired: int, broken: int) -> list[Fault]:
    """At least `kills` deaths of workers and hosts; the broker dies `broken` times besides.

    `retired` of them (at most 3) are workers of different crews that leave for good, in the second half. Every crew is
    struck if there are kills enough.
    """
    others = list(WEIGHTS)[: max(0, kills - retired)]
    others += random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=max(0, kills - retired - len(others)))
    struck = [(party, _how(party, random)) for party in others] + [(Party.BROKER, How.KILL)] * broken
    random.shuffle(struck)
    for party in random.sample(WORKERS, retired):
        struck.insert(random.randint(len(struck) // 2, len(struck)), (party, How.RETIRE))
    return [Fault(random.uniform(0.05, 0.9), party, how, random.randrange(1_000)) for party, how in struck]


def _how(party: Party, random: Random) -> How:
    transacts_often = party in (Party.ORCHESTRATOR, Party.PARTICIPANT)
    return How.WITHIN if transacts_often and random.random() < 0.4 else How.KILL


@dataclass
class Workers:
    """The workers of a site, some for each party; a context manager.

    `revive_broker` kills the broker, and starts it again.
    """

    site: SagaSite
    revive_broker: Callable[[], None]
    struck: Counter[Party] = field(default_factory=Counter)
    retired: dict[Party, set[int]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        crew = Crew(
            logs=self.site.settings.stack.directory / "logs",
            entry=f"{saga_worker.__name__}:{saga_worker.work.__name__}",
            arguments={"claimed": True},
            environment=self.site.environment,
        )
        slots = range(SEATS * len(WORKERS))
        self.supervisor = Supervisor(len(slots), settings=self.site.settings, slots=slots, policy=FORGIVING, crew=crew)

    def __enter__(self) -> Self:
        self.supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop()

    @property
    def further(self) -> int:
        """How many workers died beside those struck: within a transaction, or of the broker's death."""
        deaths = sum(self.supervisor.restarts().values()) + sum(map(len, self.retired.values()))
        return deaths - self.supervisor.kills

    def strike(self, fault: Fault) -> None:
        """Carries a fault out; blocks until the dead one is gone, or replaced. Raises TimeoutError."""
        if fault.party is Party.BROKER:
            self.revive_broker()
            place = "0"
        elif fault.party is Party.HOST:
            place = self._kill_host(fault.pick)
        else:
            place = str(self._kill_worker(fault))
        self.struck[fault.party] += 1
        self.done.append(f"{fault.how} {fault.party} {place}")
        log.info("fault", how=str(fault.how), party=str(fault.party), place=place)

    def _kill_worker(self, fault: Fault) -> int:
        supervisor = self.supervisor
        wait(lambda: bool(self._running(fault.party)), f"no {fault.party} runs")
        slots = self._running(fault.party)
        slot = slots[fault.pick % len(slots)]
        if fault.how is How.RETIRE:
            supervisor.retire(slot)
            self.retired.setdefault(fault.party, set()).add(slot)
            wait(lambda: slot not in supervisor.pids(), f"{fault.party} {slot} does not end")
            return slot
        if fault.how is How.WITHIN:
            # Only the very next worker of the slot has the failpoint; those after it are whole.
            name = WITHIN[fault.pick % len(WITHIN)]
            supervisor.revive(slot, {VARIABLE: f"{name}:{1 + fault.pick // len(WITHIN) % 4}:kill"})
        pid = supervisor.kill(slot)
        wait(lambda: supervisor.pids().get(slot) not in (None, pid), f"no {fault.party} is back in slot {slot}")
        supervisor.revive(slot, {VARIABLE: ""})
        return slot

    def _kill_host(self, pick: int) -> str:
        wait(lambda: bool(hosts(self.supervisor)), "no host runs")
        found = hosts(self.supervisor)
        victim = found[pick % len(found)]
        victim.kill()
        return str(victim.pid)

    def _running(self, party: Party) -> list[int]:
        return sorted(slot for slot in self.supervisor.pids() if WORKERS[slot // SEATS] is party)


def hosts(supervisor: Supervisor) -> list[psutil.Process]:
    """The hosts of a supervisor's workers."""
    found = []
    for worker in supervisor.pids().values():
        try:
            children = psutil.Process(worker).children()
            found += [child for child in children if HOST in child.cmdline()]
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda process: process.pid)


def wait(condition: Callable[[], bool], otherwise: str) -> None:
    """Blocks until the condition is true. Raises TimeoutError."""
    deadline = time.monotonic() + HOLD_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
