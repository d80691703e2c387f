"""Faults at random moments: workers that are killed and come back, that stay away, that die within a transaction.

The plan follows from a seed alone. The load is cut into as many pieces as there are faults, and each fault strikes when
a share of its piece is answered and the rest is under way: every one of them hits a lane at work.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import structlog

from streams.failpoints import VARIABLE
from streams.supervisor import Supervisor

log = structlog.get_logger(__name__)

WITHIN = ("begin.after", "produce.after", "send_offsets.before", "send_offsets.after", "commit.before", "commit.after")
HOLD_SECONDS = 20.0


class Kind(StrEnum):
    """What happens to a worker."""

    KILL = "kill"
    """Killed; another is in its slot at once."""
    WITHIN = "within"
    """As `kill`, and the next one dies within a transaction, at a failpoint."""
    RETIRE = "retire"
    """Killed, and nobody comes back."""
    JOIN = "join"
    """Somebody takes a slot that nobody sits in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: after which share of its piece, what, and a number that picks the victim and the failpoint."""

    share: float
    kind: Kind
    pick: int


def plan(random: Random, kills: int, moves: int) -> list[Fault]:
    """A plan with at least so many kills, and `moves` workers that leave for a time or for good.

    Who leaves joins again two faults later, but the slot of one stays empty. Never are more than two away at once.
    """
    others = [Kind.KILL if random.random() < 0.6 else Kind.WITHIN for _ in range(max(0, kills - moves))]
    absences = [[Kind.RETIRE, *others[place : place + 1], Kind.JOIN] for place in range(moves - 1)]
    blocks = [[kind] for kind in others[max(0, moves - 1) :]] + absences + [[Kind.RETIRE]] * (moves > 0)
    random.shuffle(blocks)
    kinds = [kind for block in blocks for kind in block]
    return [Fault(random.uniform(0.05, 0.9), kind, random.randrange(1_000)) for kind in kinds]


class Storm:
    """Carries a plan out on a supervisor's workers.

    `reach(place)` is called before each fault: it must let the load go on to the end of piece `int(place)`, and block
    until the answers have come to that place. `members(slots)` tells which of them the group counts as members, or
    None while it is being rebalanced: each move is a rebalance of its own, however the kills fall in between.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        reach: Callable[[float], None],
        members: Callable[[frozenset[int]], frozenset[int] | None],
    ) -> None:
        self._supervisor, self._reach, self._members = supervisor, reach, members
        self._left: list[int] = []
        self.done: list[str] = []

    @property
    def deaths(self) -> int:
        """How many workers were killed, those within a transaction included."""
        return sum(self._supervisor.restarts().values()) + len(self._left)

    def run(self, faults: list[Fault]) -> None:
        """Strikes with every fault in turn, until the group has noticed all. Blocks; raises what `reach` raises."""
        for number, fault in enumerate(faults):
            if fault.kind in (Kind.RETIRE, Kind.JOIN):
                self._wait(self._noticed, "the group did not notice who left or joined")
            self._reach(number + fault.share)
            self._strike(fault)
        self._wait(self._noticed, "the group did not notice who left or joined")

    def _noticed(self) -> bool:
        slots = frozenset(self._supervisor.slots())
        return self._members(slots) == slots - set(self._left)

    def _strike(self, fault: Fault) -> None:
        if fault.kind is Kind.JOIN:
            slot = self._join()
        else:
            present = self._present()
            slot = present[fault.pick % len(present)]
            {Kind.KILL: self._kill, Kind.WITHIN: self._kill_within, Kind.RETIRE: self._retire}[fault.kind](slot, fault)
        self.done.append(f"{fault.kind} {slot}")
        log.info("fault", kind=str(fault.kind), slot=slot)

    def _join(self) -> int:
        slot = self._left.pop(0)
        self._supervisor.revive(slot, {VARIABLE: ""})
        return slot

    def _kill(self, slot: int, fault: Fault) -> None:
        pid = self._supervisor.kill(slot)
        self._wait(lambda: self._supervisor.pids().get(slot) != pid)

    def _retire(self, slot: int, fault: Fault) -> None:
        self._left.append(slot)
        self._supervisor.retire(slot)
        self._wait(lambda: slot not in self._supervisor.pids())

    def _kill_within(self, slot: int, fault: Fault) -> None:
        # Only the very next worker of the slot has the failpoint; those after it are whole.
        name = WITHIN[fault.pick % len(WITHIN)]
        self._supervisor.revive(slot, {VARIABLE: f"{name}:{1 + fault.pick // len(WITHIN) % 8}:kill"})
        pid = self._supervisor.kill(slot)
        self._wait(lambda: self._supervisor.pids().get(slot) not in (None, pid))
        self._supervisor.revive(slot, {VARIABLE: ""})

    def _present(self) -> list[int]:
        self._wait(lambda: bool(self._supervisor.pids()))
        return sorted(self._supervisor.pids())

    def _wait(self, condition: Callable[[], bool], otherwise: str = "the supervisor did not start a worker") -> None:
        deadline = time.monotonic() + HOLD_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(0.01)
