"""A partition of the lane of sagas in memory: a log, transactions that fail or never end, and what they leave behind.

As the real lane does it: the inputs of a transaction are handled in order against the committed state and what is
pending; rows, commands and offset become visible together, or not at all.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sagas.catalogue import Catalogue
from sagas.effects import ClearTimer, Effect, SetTimer
from sagas.engine import react
from sagas.inputs import Input
from sagas.instance import Instance
from sagas.limits import DEFAULT
from sagas.testing.recorder import React
from sagas.wire.instance import decode_instance


class Entry(NamedTuple):
    """An input in the log, and when it is handled."""

    saga_id: str
    given: Input
    at_ms: int


class Ending(StrEnum):
    """How a transaction ends: it is committed; it is given up and the lane goes on; or the process dies, before it was
    committed or just after."""

    COMMIT = "commit"
    ABORT = "abort"
    DIE_BEFORE_COMMIT = "die before commit"
    DIE_AFTER_COMMIT = "die after commit"


Published = tuple[str, Effect]


class SimulatedLane:
    """`offset`, `store` and `published` are what others see; `memory` is what the process would go on with."""

    def __init__(self, catalogue: Catalogue, engine: React = react) -> None:
        self.catalogue = catalogue
        self.log: list[Entry] = []
        self.offset = 0
        self.store: dict[str, bytes] = {}
        self.published: list[Published] = []
        self.memory: dict[str, Instance] = {}
        self._engine = engine

    def append(self, *entries: Entry) -> "SimulatedLane":
        """Inputs to come."""
        self.log += entries
        return self

    def transact(self, count: int, ending: Ending = Ending.COMMIT) -> "SimulatedLane":
        """Handles so many inputs in one transaction, which ends so."""
        batch = self.log[self.offset : self.offset + count]
        rows: dict[str, bytes | None] = {}
        pending: list[Published] = []
        for entry in batch:
            self.handle(entry, rows, pending)
        if ending in (Ending.ABORT, Ending.DIE_BEFORE_COMMIT):
            self.abort(rows)
        else:
            self.commit(rows, pending, len(batch))
        if ending in (Ending.DIE_BEFORE_COMMIT, Ending.DIE_AFTER_COMMIT):
            self.memory.clear()
        return self

    def handle(self, entry: Entry, rows: dict[str, bytes | None], pending: list[Published]) -> None:
        """One input; what comes of it is pending."""
        reaction = self._engine(
            self.catalogue, self.load(entry.saga_id), entry.saga_id, entry.given, entry.at_ms, DEFAULT
        )
        if reaction.instance is None:
            rows[entry.saga_id] = None
            self.memory.pop(entry.saga_id, None)
        elif reaction.state is not None:
            rows[entry.saga_id] = reaction.state
            self.memory[entry.saga_id] = reaction.instance
        pending += [(entry.saga_id, effect) for effect in outward(reaction.effects)]

    def load(self, saga_id: str) -> Instance | None:
        """A saga, from memory or from what was committed."""
        if saga_id in self.memory:
            return self.memory[saga_id]
        row = self.store.get(saga_id)
        return None if row is None else decode_instance(row)

    def commit(self, rows: dict[str, bytes | None], pending: list[Published], count: int) -> None:
        """All becomes visible."""
        for saga_id, row in rows.items():
            if row is None:
                self.store.pop(saga_id, None)
            else:
                self.store[saga_id] = row
        self.published += pending
        self.offset += count

    def abort(self, rows: dict[str, bytes | None]) -> None:
        """Nothing becomes visible, and nothing of it is kept in memory."""
        for saga_id in rows:
            self.memory.pop(saga_id, None)


def outward(effects: Sequence[Effect]) -> list[Effect]:
    """What leaves the lane; timers are part of its state."""
    return [effect for effect in effects if not isinstance(effect, SetTimer | ClearTimer)]
