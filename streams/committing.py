"""The committer: takes every micro-batch that is ready and makes it durable with its offsets, in one transaction.

While one transaction commits, the next one takes in the micro-batches that finish: at low load that is a transaction a
batch, at high load many batches a transaction, with nothing to tune. One commits at a time, in order, on a thread of
its own.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import structlog
from confluent_kafka import KafkaException

from schemas.outcome import Completed
from streams.binding import Binding
from streams.committer import Aborted, Committer
from streams.daemon import Daemon
from streams.failpoints import passing
from streams.filling import Filling
from streams.flight import Batch
from streams.membership import Membership
from streams.observability.metrics import LaneMetrics
from streams.partition import Ownership
from streams.pipeline import NOTHING, Pipeline
from streams.state_keeper import StateKeeper

READY_SECONDS = 0.1
REJOIN_PAUSE, FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.05, 5.0

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
        self._filling: Filling | None = None
        self._commit: Future[None] | None = None
        self._written = False
        self._commits = Daemon(f"{binding.name}-commits")
        self.settled = threading.Event()

    def run(self) -> None:
        """Commits until stopped; a fenced slot or an error of ours ends the lane."""
        self._commits.start()
        try:
            while not self._stopping.is_set():
                if self.settled.is_set():
                    self._turn()
                else:
                    self._settle()
        except BaseException as error:
            self._on_fatal(error)
        finally:
            self._commits.finish()
            self._committer.close()

    def stop(self, timeout: float) -> None:
        """Ends after the commit that is under way."""
        self._stopping.set()
        self.join(timeout)

    def _settle(self) -> None:
        """Gives up what is being filled, and waits until nothing is open."""
        self._await_commit()
        self._filling = None
        self._committer.discard("abort")
        pause = FIRST_PAUSE
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
                log.warning("the transaction coordinator does not answer, trying again", error=str(error), pause=pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _turn(self) -> None:
        """Fills the next transaction with what is ready, and commits it as soon as none commits."""
        if self._committed():
            self._await_commit()
            return
        if self._stale():
            # Its partitions were given up: it must not stay open, and nothing of it may commit.
            self.settled.clear()
            return
        if not self._membership.member:
            self._stopping.wait(REJOIN_PAUSE)
            return
        if not self._may_fill():
            self._pipeline.wait_until(lambda: self._committed() or self._may_fill(), READY_SECONDS)
            return
        held = self._filling.held if self._filling is not None else NOTHING
        batches = self._pipeline.ready(READY_SECONDS, held, self._to_be_seen)
        try:
            if batches:
                self._fill(batches)
        except Aborted as aborted:
            self._await_commit()
            self._abort(aborted)
            return
        if self._filling is not None and self._commit is None:
            filled, self._filling, self._written = self._filling, None, False
            self._commit = self._commits.submit(self._make_durable, filled)
            self._commit.add_done_callback(lambda _: self._pipeline.nudge())

    def _fill(self, batches: list[Batch]) -> None:
        if self._filling is None:
            if self._committer.doubtful:
                self._await_commit()
            self._filling = Filling(self._committer.begin(), self._binding)
        self._pipeline.take(batches)
        self._filling.add(batches)

    def _may_fill(self) -> bool:
        """Whether what is produced now comes behind what the transaction that commits has produced."""
        return self._commit is None or self._written

    def _note_written(self) -> None:
        self._written = True
        self._pipeline.nudge()

    def _committed(self) -> bool:
        return self._commit is not None and self._commit.done()

    def _stale(self) -> bool:
        return self._filling is not None and self._filling.batches[0].flight is not self._pipeline.flight

    def _to_be_seen(self) -> bool:
        """Whether something other than ready batches asks for a turn."""
        return self._committed() or self._stale()

    def _await_commit(self) -> None:
        """Waits for the commit that is under way. Raises what ends the lane."""
        commit, self._commit = self._commit, None
        if commit is not None:
            commit.result()

    def _make_durable(self, filled: Filling) -> None:
        """On the thread that commits."""
        with self._ownership.lock:
            if filled.batches[0].flight is not self._pipeline.flight:
                self.settled.clear()
                return
            try:
                if not filled.owned:
                    raise Aborted("ownership", "a partition was lost since its records were read")
                filled.commit(self._slot_note, self._membership.metadata, self._note_written)
            except Aborted as aborted:
                self._abort(aborted)
                return
            self._aborts_in_a_row = 0
            self._apply(filled)
        self._report(filled)

    def _abort(self, aborted: Aborted) -> None:
        # The lock: nothing may be read again while something commits.
        with self._ownership.lock:
            log.warning("transaction aborted", cause=aborted.cause, error=str(aborted))
            self.settled.clear()
            self._aborts_in_a_row += 1
            self._metrics.abort(aborted.cause)
            self._pipeline.abort(aborted.cause)

    def _apply(self, filled: Filling) -> None:
        passing("apply.before")
        filled.changes.apply(time.time_ns() // 1_000_000)
        self._keeper.commit_through(filled.batches[-1].number)
        self._pipeline.committed(filled.batches)
        passing("apply.after")

    def _report(self, filled: Filling) -> None:
        records, size = filled.held
        seconds = time.monotonic() - filled.began
        self._metrics.transaction(records, size, seconds)
        tally(filled.batches, self._metrics)
        log.debug("committed", batches=len(filled.batches), records=records, bytes=size, seconds=round(seconds, 4))


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
