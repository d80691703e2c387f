"""The committer: takes every micro-batch that is ready and makes it durable with its offsets, in one transaction.

While one transaction is on its way, finished micro-batches gather, and the next one takes them all: at low load that is
a transaction a batch, at high load many batches a transaction, with nothing to tune.
"""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import structlog
from confluent_kafka import KafkaException, TopicPartition

from schemas.outcome import Completed, Failed
from streams import steady_clock
from streams.binding import Binding
from streams.committer import Aborted, Committer, Work
from streams.failpoints import passing
from streams.flight import Batch
from streams.membership import Membership
from streams.observability.metrics import LaneMetrics
from streams.output import Output
from streams.partition import Ownership, Partition
from streams.pipeline import Pipeline
from streams.repeats.answer import Location, Sealed, seal_elsewhere
from streams.repeats.record import pack_bounded
from streams.state_keeper import StateKeeper

PACKED_LIMIT = 768 * 1024
REJOIN_PAUSE, FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.05, 5.0
GIVE_UP_SECONDS = 30.0
"""A client can be of no use for ever after its broker was gone: after so long the lane begins anew, with new ones."""

log = structlog.get_logger(__name__)


class Committing(threading.Thread):
    """The thread that commits; `settled` is set while nothing of an earlier transaction can be open.

    `look_again` is called after an abort, before anything is tried anew: what was known of topics may have changed, and
    what can't be produced must not enter a transaction twice. It may block, and raise KafkaException.
    """

    def __init__(
        self,
        binding: Binding,
        pipeline: Pipeline,
        ownership: Ownership,
        committer: Committer,
        membership: Membership,
        keeper: StateKeeper,
        slot_note: str,
        metrics: LaneMetrics,
        look_again: Callable[[], None],
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name=f"{binding.name}-committer", daemon=True)
        self._binding = binding
        self._pipeline = pipeline
        self._ownership = ownership
        self._committer = committer
        self._membership = membership
        self._keeper = keeper
        self._slot_note = slot_note
        self._metrics = metrics
        self._look_again = look_again
        self._on_fatal = on_fatal
        self._aborts_in_a_row = 0
        self._stopping = threading.Event()
        self.settled = threading.Event()

    def run(self) -> None:
        """Commits until stopped; a fenced slot or an error of ours ends the lane."""
        try:
            while not self._stopping.is_set():
                if not self.settled.is_set():
                    self._settle()
                batches = self._pipeline.ready(timeout=0.1)
                if batches:
                    self._commit(batches)
        except BaseException as error:
            self._on_fatal(error)
        finally:
            self._committer.close()

    def stop(self, timeout: float) -> None:
        """Ends after the transaction that is under way."""
        self._stopping.set()
        self.join(timeout)

    def _settle(self) -> None:
        """Blocks until nothing earlier is open. Raises KafkaException when the cluster was silent for too long."""
        pause, began = FIRST_PAUSE, time.monotonic()
        if self._aborts_in_a_row > 1:
            self._stopping.wait(min(FIRST_PAUSE * 2**self._aborts_in_a_row, LONGEST_PAUSE))
        while not self._stopping.is_set():
            try:
                self._committer.settle()
                if self._aborts_in_a_row:
                    self._look_again()
                self.settled.set()
                return
            except KafkaException as error:
                if time.monotonic() - began > GIVE_UP_SECONDS:
                    raise
                log.warning("the transaction coordinator does not answer, trying again", error=str(error), pause=pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _commit(self, batches: list[Batch]) -> None:
        with self._ownership.lock:
            if batches[0].flight is not self._pipeline.flight:
                return
            if not all(batch.owned for batch in batches):
                self._abort("ownership")
                return
            metadata = self._membership.metadata
            if not self._membership.member:
                self._stopping.wait(REJOIN_PAUSE)
                return
            began = time.monotonic()
            changes = Changes(batches, self._binding)
            try:
                self._committer.commit(self._work(batches, changes, metadata))
            except Aborted as aborted:
                log.warning("transaction aborted", cause=aborted.cause, error=str(aborted))
                self._abort(aborted.cause)
                return
            self._aborts_in_a_row = 0
            self._apply(batches, changes)
        self._report(batches, time.monotonic() - began)

    def _abort(self, cause: str) -> None:
        self.settled.clear()
        self._aborts_in_a_row += 1
        self._metrics.abort(cause)
        self._pipeline.abort(cause)

    def _work(self, batches: list[Batch], changes: "Changes", metadata: bytes) -> Work:
        ends: dict[Partition, int] = {}
        for batch in batches:
            ends.update(batch.ends)
        offsets = [TopicPartition(p.topic, p.number, end, self._slot_note) for p, end in ends.items()]
        tracked = any(batch.tracked for batch in batches)
        outputs: Iterator[Output] = chain.from_iterable(batch.outputs() for batch in batches)
        if tracked:
            outputs = changes.tracking()
        return Work(outputs, changes.outputs, tracked, offsets, metadata)

    def _apply(self, batches: list[Batch], changes: "Changes") -> None:
        passing("apply.before")
        changes.apply(steady_clock.now_ms())
        self._keeper.commit_through(batches[-1].number)
        self._pipeline.committed(batches)
        passing("apply.after")

    def _report(self, batches: list[Batch], seconds: float) -> None:
        records = sum(len(batch.entries) for batch in batches)
        size = sum(batch.bytes for batch in batches)
        self._metrics.transaction(records, size, seconds)
        tally(batches, self._metrics)
        log.debug("committed", batches=len(batches), records=records, bytes=size, seconds=round(seconds, 4))


def tally(batches: list[Batch], metrics: LaneMetrics) -> None:
    """Counts what became of the records of committed batches."""
    codes: dict[str, int] = {}
    completed = replays = dead = 0
    for batch in batches:
        for entry in batch.entries:
            outcome = entry.outcome
            if type(outcome) is Completed:
                completed += 1
            elif entry.replay is not None:
                replays += 1
            elif outcome is not None:
                code = outcome.code  # type: ignore[union-attr] # the other of two
                codes[code] = codes.get(code, 0) + 1
            elif entry.dead_letter is not None:
                dead += 1
        metrics.compute_seconds(batch.compute_seconds)
        metrics.counted(batch.counts)
    if completed:
        metrics.outcomes("COMPLETED", completed)
    for code, count in codes.items():
        metrics.outcomes(str(code), count)
    if replays:
        metrics.repeats("replayed", replays)
    if dead:
        metrics.dead_letters(dead)


class Changes:
    """What a transaction changes in the books of answers: known before it is produced, applied after the commit."""

    def __init__(self, batches: list[Batch], binding: Binding) -> None:
        self._batches = batches
        self._binding = binding
        self._learnt: dict[Partition, list[tuple[bytes, Sealed]]] = {}
        self._positions: dict[tuple[Partition, str], int] = {}
        for batch in batches:
            for entry in batch.entries:
                if entry.sealed is not None and entry.id_digest is not None:
                    self._learnt.setdefault(entry.owner, []).append((entry.id_digest, entry.sealed))

    def tracking(self) -> Iterator[Output]:
        """The batches' outputs, the large ones with a callback that notes where they were written."""
        for batch in self._batches:
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
                sealed = seal_elsewhere(entry.payload_digest, steady_clock.now_ms(), place, failed)
                self._learnt.setdefault(entry.owner, []).append((entry.id_digest, sealed))

        return delivered

    def note_position(self, owner: Partition) -> Callable[[Any, Any], None]:
        def delivered(error: Any, message: Any) -> None:
            if error is None:
                self._positions[owner, message.topic()] = message.offset() + 1

        return delivered
