"""One transition of a saga, held against every invariant."""

from collections.abc import Callable

from sagas.catalogue import Catalogue
from sagas.engine import Reaction, react
from sagas.inputs import Input
from sagas.instance import Instance
from sagas.invariants import Deeds, Run, Transition, check
from sagas.limits import DEFAULT, Limits

React = Callable[[Catalogue, Instance | None, str, Input, int, Limits], Reaction]


class Recorder:
    """Advances a saga by inputs and keeps its Run; `engine` is another one only where checkers are tested."""

    def __init__(
        self, catalogue: Catalogue, saga_id: str, deeds: Deeds | None = None, engine: React = react,
        limits: Limits = DEFAULT,
    ) -> None:  # fmt: skip
        self.catalogue = catalogue
        self.saga_id = saga_id
        self.run = Run(catalogue, saga_id, deeds)
        self.instance: Instance | None = None
        self.state: bytes | None = None
        self._engine = engine
        self._limits = limits

    def fork(self, deeds: Deeds | None = None) -> "Recorder":
        """Another one with the same past, and other deeds."""
        made = Recorder(self.catalogue, self.saga_id, deeds, self._engine, self._limits)
        made.run = self.run.fork()
        made.run.deeds = deeds
        made.instance, made.state = self.instance, self.state
        return made

    def glance(self, given: Input, now_ms: int) -> Reaction:
        """What an input would lead to, unchecked."""
        return self._engine(self.catalogue, self.instance, self.saga_id, given, now_ms, self._limits)

    def put(self, given: Input, now_ms: int) -> Transition:
        """One transition, computed twice and checked. Raises InvariantBroken."""
        before = None if self.instance is None else self.instance.copy()
        reaction = self._engine(self.catalogue, self.instance, self.saga_id, given, now_ms, self._limits)
        again = self._engine(self.catalogue, before, self.saga_id, given, now_ms, self._limits)
        made = Transition(given, now_ms, before, reaction.instance, reaction.effects, reaction.state, again.effects)
        self.instance = reaction.instance
        if reaction.state is not None or reaction.instance is None:
            self.state = reaction.state
        self.run.add(made)
        check(self.run)
        return made
