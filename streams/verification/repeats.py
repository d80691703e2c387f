"""Finds the requests that share an id, in bounded memory, and keeps what they were answered."""

from collections.abc import Callable, Iterator

from streams.verification.facts import Told
from streams.verification.twins import Memory, Twin, note_of, problems

ID_BYTES = 170
"""What an id takes in memory: two integers in a dictionary."""


class Ids:
    """Where each id was last seen: the last `most` ids at least, and at most twice as many."""

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}
        self.forgotten = 0

    def swap(self, identity: int, offset: int) -> int | None:
        """Notes an id's newest offset; returns the one that it had before, if that is still known."""
        before = self._young.get(identity)
        if before is None:
            before = self._old.get(identity)
            if len(self._young) >= self._most:
                self.forgotten += len(self._old)
                self._old, self._young = self._young, {}
        self._young[identity] = offset
        return before


class Repeats:
    """The twins of a verification: at least `most_ids` ids are known at a time, at most `most_twins` requests kept."""

    def __init__(self, most_ids: int, most_twins: int) -> None:
        self._ids = Ids(most_ids)
        self._most_twins = most_twins
        self._families: dict[int, list[Twin]] = {}
        self._twins: dict[tuple[int, int], Twin] = {}
        self.count = 0
        self.unjudged = 0

    @property
    def forgotten(self) -> int:
        """How many ids went out of memory."""
        return self._ids.forgotten

    def see(self, partition: int, offset: int, request_id: str, twin_at: Callable[[int], Twin]) -> None:
        """Takes a request, in the order of its partition; `twin_at` tells of one by its offset, this one's included."""
        identity = hash((partition, request_id))
        before = self._ids.swap(identity, offset)
        if before is None:
            return
        self.count += 1
        family = self._families.get(identity)
        if len(self._twins) + (1 if family else 2) > self._most_twins:
            self.unjudged += 1
            return
        if family is None:
            family = self._families[identity] = []
            self._keep(partition, twin_at(before), family)
        self._keep(partition, twin_at(offset), family)

    def note(self, partition: int, offset: int, told: Told) -> None:
        """Takes an outcome; does nothing for those that have no twin."""
        twin = self._twins.get((partition, offset))
        if twin is not None:
            twin.notes.append(note_of(told))

    def problems(self, memory: Memory | None, whole: bool) -> Iterator[str]:
        """What is against the table of repeats; `whole`: the topics have lost no request yet."""
        complete = whole and not self.forgotten and not self.unjudged
        for family in self._families.values():
            yield from problems(family, memory, complete)

    def _keep(self, partition: int, twin: Twin, family: list[Twin]) -> None:
        family.append(twin)
        self._twins[partition, twin.offset] = twin
