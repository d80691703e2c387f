"""A saga's whole life as checkers see it: every input, what came of it, and what follows from that.

A Run is added to transition by transition, and checked after each: an invariant looks at the newest one and at what the
Run gathered, so that checking a long life costs no more for each step than checking a short one.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from sagas.apply import apply
from sagas.catalogue import Catalogue
from sagas.compiled import Compiled
from sagas.effects import (
    AttentionCleared,
    AttentionRaised,
    ClearTimer,
    Effect,
    Ended,
    Record,
    Send,
    SetTimer,
)
from sagas.events import EventKind, HistoryEvent
from sagas.inputs import Input
from sagas.instance import Direction, Instance
from sagas.invariants.deeds import Deeds
from sagas.invariants.refusals import refused_key
from sagas.invariants.standing import Standings, stand
from sagas.invariants.subjects import Subject, counts, subject_of

EffectT = TypeVar("EffectT")


@dataclass(slots=True)
class Transition:
    """One input and what came of it; `repeated` are the effects when the same was computed again, if it was.

    The events and commands among the effects are there apart, too.
    """

    given: Input
    now_ms: int
    before: Instance | None
    after: Instance | None
    effects: tuple[Effect, ...]
    state: bytes | None
    repeated: tuple[Effect, ...] | None = None
    events: list[HistoryEvent] = field(init=False)
    sends: list[Send] = field(init=False)

    def __post_init__(self) -> None:
        self.events = [effect.event for effect in self.effects if type(effect) is Record]
        self.sends = self.of(Send)

    def of(self, kind: type[EffectT]) -> list[EffectT]:
        """The effects of a kind."""
        return [effect for effect in self.effects if type(effect) is kind]


class Asked(NamedTuple):
    """The commands sent for a step in one direction: their key, the newest attempt, and those of the present budget."""

    key: str
    attempt: int
    budget: int


class Run:
    """What is known of a saga; `deeds` is given where somebody knows what participants did.

    `last` is the newest transition, `compiled` the saga's definition, where it is known.
    """

    def __init__(self, catalogue: Catalogue, saga_id: str, deeds: Deeds | None = None) -> None:
        self.catalogue = catalogue
        self.saga_id = saga_id
        self.deeds = deeds
        self.transitions: list[Transition] = []
        self.last: Transition
        self.compiled: Compiled | None = None
        self.history: list[HistoryEvent] = []
        self.folded: Instance | None = None
        self.was: Standings = {}
        self.standings: Standings = {}
        self.asked: dict[tuple[str, Direction], Asked] = {}
        self.timers: dict[str, tuple[int, int]] = {}
        self.spent: set[tuple[str, int]] = set()
        self.refused: set[str] = set()
        self.counted: set[Subject] = set()
        self.raised: AttentionRaised | None = None
        self.ended: list[Ended] = []

    def fork(self) -> "Run":
        """Another Run with the same past."""
        made = Run(self.catalogue, self.saga_id, self.deeds)
        made.transitions, made.history = self.transitions.copy(), self.history.copy()
        made.compiled = self.compiled
        if self.transitions:
            made.last = self.last
        made.folded = None if self.folded is None else self.folded.copy()
        made.was, made.standings, made.asked = self.was, self.standings.copy(), self.asked.copy()
        made.timers, made.spent, made.refused = self.timers.copy(), self.spent.copy(), self.refused.copy()
        made.raised, made.ended, made.counted = self.raised, self.ended.copy(), self.counted.copy()
        return made

    def add(self, transition: Transition) -> None:
        """The next transition. Checks nothing."""
        if self.transitions:
            self._count()
        self.transitions.append(transition)
        self.last = transition
        self.compiled = self._definition()
        self.was = self.standings.copy()
        key = refused_key(self, transition)
        if key is not None:
            self.refused.add(key)
        for effect in transition.effects:
            if type(effect) is Record:
                self._event(effect.event)
            elif type(effect) is SetTimer:
                self._retire(effect.name)
                self.timers[effect.name] = (effect.due_ms, effect.epoch)
            elif type(effect) is ClearTimer:
                self._retire(effect.name)
            elif type(effect) is AttentionRaised:
                self.raised = effect
            elif type(effect) is AttentionCleared:
                self.raised = None
            elif type(effect) is Ended:
                self.ended.append(effect)

    def sent(self, send: Send) -> Asked | None:
        """What was asked of a command's step and direction, this command included."""
        return self.asked.get((send.step, send.direction))

    def _definition(self) -> Compiled | None:
        known = self.last.after or self.last.before
        return None if known is None else self.catalogue.pinned(known.saga, known.version, known.hash)

    def _count(self) -> None:
        """Notes what the transition that was the newest until now has settled."""
        subject = subject_of(self.last.given)
        if subject is not None and any(counts(event) for event in self.last.events):
            self.counted.add(subject)

    def _retire(self, name: str) -> None:
        if name in self.timers:
            self.spent.add((name, self.timers.pop(name)[1]))

    def _event(self, event: HistoryEvent) -> None:
        if event.kind is EventKind.STARTED:
            self._begin()
        self.history.append(event)
        self.folded = apply(self.folded, event)
        stand(self.standings, event)
        if event.kind in (EventKind.STEP_SENT, EventKind.UNDO_SENT):
            direction = Direction.FORWARD if event.kind is EventKind.STEP_SENT else Direction.BACKWARD
            old = self.asked.get((event.step, direction))
            budget = 1 if old is None or "fresh" in event.body else old.budget + 1
            self.asked[event.step, direction] = Asked(str(event.body["key"]), event.attempt, budget)

    def _begin(self) -> None:
        self.history.clear()
        self.asked.clear()
        self.spent.clear()
        self.refused.clear()
        self.counted.clear()
        self.ended.clear()
        self.was = {}
