"""What a transaction changes in what the lane remembers."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from schemas.outcome import Failed
from streams.binding import Binding
from streams.flight import Batch
from streams.output import Output
from streams.partition import Partition
from streams.repeats.answer import Location, Sealed, seal_elsewhere
from streams.repeats.record import pack_bounded

PACKED_LIMIT = 768 * 1024


class Changes:
    """What a transaction changes in the books of answers: known before it is produced, applied after the commit."""

    def __init__(self, batches: list[Batch], binding: Binding) -> None:
        self._batches: list[Batch] = []
        self._binding = binding
        self._learnt: dict[Partition, list[tuple[bytes, Sealed]]] = {}
        self._positions: dict[tuple[Partition, str], int] = {}
        self.add(batches)

    def add(self, batches: list[Batch]) -> None:
        """More batches of the same transaction."""
        self._batches += batches
        for batch in batches:
            for entry in batch.entries:
                if entry.sealed is not None and entry.id_digest is not None:
                    self._learnt.setdefault(entry.owner, []).append((entry.id_digest, entry.sealed))

    def tracking(self, batches: list[Batch]) -> Iterator[Output]:
        """The outputs of some of the batches, the large ones with a callback that notes where they were written."""
        for batch in batches:
            for entry, answer in zip(batch.entries, batch.answers, strict=True):
                if answer is not None:
                    yield answer.telling(self._note(entry)) if entry.large else answer
            yield from batch.emissions

    def outputs(self) -> Iterator[Output]:
        """The changelog records, one for each partition unless they grow too large."""
        for owner, learnt in self._learnt.items():
            for value in pack_bounded(learnt, PACKED_LIMIT):
                note = self.note_position(owner)
                yield Output(self._binding.repeats, value, owner.topic.encode(), owner.number, [], note)

    def apply(self, now_ms: int) -> None:
        """Brings the books to what was committed, then lets the requests leave the index of those in flight."""
        for owner, learnt in self._learnt.items():
            owner.book.learn(learnt, now_ms)
            owner.learnt += len(learnt)
        for (owner, topic), position in self._positions.items():
            owner.positions[topic] = position
        for batch in self._batches:
            for entry in batch.entries:
                if entry.id_digest is not None:
                    entry.owner.in_flight.leave(entry.id_digest, entry)
                # No cycles: what is done is freed at once, not when the garbage collector comes by.
                entry.batch = entry.leader = None

    def _note(self, entry: Any) -> Callable[[Any, Any], None]:
        def delivered(error: Any, message: Any) -> None:
            if error is None:
                place = Location(message.topic(), message.partition(), message.offset())
                failed = type(entry.outcome) is Failed
                sealed = seal_elsewhere(entry.payload_digest, time.time_ns() // 1_000_000, place, failed)
                self._learnt.setdefault(entry.owner, []).append((entry.id_digest, sealed))

        return delivered

    def note_position(self, owner: Partition) -> Callable[[Any, Any], None]:
        def delivered(error: Any, message: Any) -> None:
            if error is None:
                self._positions[owner, message.topic()] = message.offset() + 1

        return delivered
