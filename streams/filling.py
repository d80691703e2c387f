"""A transaction that takes in finished micro-batches until the one before it has committed."""

import time
from collections.abc import Callable, Iterator
from itertools import chain

from confluent_kafka import TopicPartition

from streams.binding import Binding
from streams.changes import Changes
from streams.committer import Transaction
from streams.flight import Batch
from streams.output import Output
from streams.partition import Partition
from streams.pipeline import Held

LARGE_RECORDS = 1_024


class Filling:
    """The batches of one transaction and what they change. One thread fills it, and hands it to one that commits it."""

    def __init__(self, transaction: Transaction, binding: Binding) -> None:
        self._transaction = transaction
        self._ends: dict[Partition, int] = {}
        self._tracked = False
        self.batches: list[Batch] = []
        self.changes = Changes([], binding)
        self.began = time.monotonic()
        self.held = Held(0, 0)

    def add(self, batches: list[Batch]) -> None:
        """Produces what these batches say. Raises Aborted or Fenced."""
        self.batches += batches
        self.changes.add(batches)
        records, size = self.held
        for batch in batches:
            self._ends.update(batch.ends)
            records, size = records + len(batch.entries), size + batch.bytes
        self.held = Held(records, size)
        tracked = any(batch.tracked for batch in batches)
        self._tracked |= tracked
        outputs: Iterator[Output] = chain.from_iterable(batch.outputs() for batch in batches)
        self._transaction.produce(self.changes.tracking(batches) if tracked else outputs)

    @property
    def owned(self) -> bool:
        """Whether each partition's epoch is unbroken since its records were read."""
        return all(batch.owned for batch in self.batches)

    def commit(self, slot_note: str, metadata: bytes, on_written: Callable[[], None]) -> None:
        """Blocks until all of it is durable. Raises Aborted or Fenced.

        Of a large one `on_written` is called before that, when the next one's outputs can only come behind its own: the
        two producers keep no order among them. A small one is quicker written and committed at once.
        """
        early = on_written if self.held.records >= LARGE_RECORDS else None
        offsets = [TopicPartition(one.topic, one.number, end, slot_note) for one, end in self._ends.items()]
        self._transaction.commit(self.changes.outputs, offsets, metadata, tracked=self._tracked, on_written=early)
