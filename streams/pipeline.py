"""A lane's records from admission to commit: what waits, what is dispatched, what may be committed next.

One lock guards it: the intake thread admits, the event loop dispatches and finishes, the committer thread takes what is
ready. It does no I/O, and time is passed in, so its decisions can be tried against a model.
"""

import threading
from collections.abc import Callable

from processors.contract import BatchPolicy
from streams.batcher import Batcher
from streams.entry import Entry
from streams.flight import Batch, Flight
from streams.partition import Partition


class Bounds:
    """How much may be unsettled, and how much one transaction may hold."""

    def __init__(self, records: int, size: int, transaction_records: int, transaction_bytes: int) -> None:
        self.records, self.bytes = records, size
        self.transaction_records, self.transaction_bytes = transaction_records, transaction_bytes


class Pipeline:
    """The unsettled records of one lane.

    `dispatch` is called, outside the lock, for each micro-batch that closed; it must not block.
    """

    def __init__(self, policy: BatchPolicy, slots: int, bounds: Bounds, dispatch: Callable[[Batch], None]) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._batcher = Batcher(policy)
        self._bounds = bounds
        self._dispatch = dispatch
        self._slots = slots
        self._running = 0
        self._held = True
        self._draining = False
        self._backlog = False
        self.flight = Flight()
        self.aborted: str | None = None

    @property
    def unsettled(self) -> int:
        """Records admitted and not committed."""
        return len(self._batcher) + self.flight.records

    @property
    def full(self) -> bool:
        """Whether intake must wait."""
        return self._over(1.0)

    @property
    def roomy(self) -> bool:
        """Whether a paused intake may go on: below half, so that pausing does not flutter."""
        return not self._over(0.5)

    def offer(self, entries: list[Entry], now: float, *, backlog: bool) -> None:
        """Takes admitted records; `backlog` says that more are at hand."""
        with self._lock:
            self._backlog = backlog
            self._batcher.add(entries, now)
        self.pump(now)

    def quiet(self, now: float) -> None:
        """Nothing more is at hand: what waits may go, if the processor is idle or its oldest is due."""
        if self._backlog or len(self._batcher):
            self._backlog = False
            self.pump(now)

    def pump(self, now: float) -> None:
        """Dispatches micro-batches while slots are free and one closes."""
        closed = []
        with self._lock:
            while not self._held and self.aborted is None and self._running < self._slots:
                idle = self._running == 0 and not self._backlog
                gathered = self._batcher.close(now, idle=idle, draining=self._draining)
                if gathered is None:
                    break
                batch = self.flight.enter(gathered.entries, gathered.reason, gathered.oldest, gathered.bytes)
                self._running += 1
                closed.append(batch)
        for batch in closed:
            self._dispatch(batch)

    def due(self) -> float | None:
        """When the oldest waiting record closes its batch, if a slot is free for it."""
        return self._batcher.due() if not self._held and self._running < self._slots else None

    def free(self, now: float) -> None:
        """A micro-batch no longer occupies the processor."""
        with self._lock:
            self._running -= 1
        self.pump(now)

    def finish(self, batch: Batch) -> None:
        """The batch's outputs are known; it commits when its predecessors have finished too."""
        with self._lock:
            batch.finished = True
            if batch.flight is self.flight:
                self._changed.notify_all()

    def ready(self, timeout: float) -> list[Batch]:
        """The batches that may commit now, in order; waits for some up to `timeout` seconds."""
        with self._lock:
            batches = self._ready()
            if not batches:
                self._changed.wait(timeout)
                batches = self._ready()
            return batches

    def committed(self, batches: list[Batch]) -> None:
        """Takes committed batches off; whoever waits for room or for settlement looks again."""
        with self._lock:
            batches[0].flight.leave(batches)
            self._changed.notify_all()

    def abort(self, cause: str) -> None:
        """Throws everything unsettled away; nothing is dispatched before `restart` and `resume`."""
        with self._lock:
            self._empty()
            self.aborted = self.aborted or cause
            self._changed.notify_all()

    def restart(self) -> None:
        """By the intake, before it goes back to what is committed: what it admitted since the abort is void too."""
        with self._lock:
            self._empty()
            self.aborted = None

    def hold(self) -> None:
        """Stops dispatching; what is dispatched goes on."""
        with self._lock:
            self._held = True

    def resume(self, now: float) -> None:
        """Dispatches again, unless an abort came meanwhile: then only a `restart` helps."""
        with self._lock:
            self._held = False
        self.pump(now)

    def drain(self, now: float) -> None:
        """Closes whatever waits, however small, from now on."""
        with self._lock:
            self._draining, self._backlog = True, False
        self.pump(now)

    def wait_room(self, timeout: float) -> bool:
        """Waits for room up to `timeout` seconds; whether there is some."""
        with self._lock:
            return self._changed.wait_for(lambda: not self._over(0.9), timeout)

    def wait_settled(self, partitions: set[Partition] | None, timeout: float) -> bool:
        """Waits until no dispatched batch holds records of these partitions (None: of any)."""
        with self._lock:
            return self._changed.wait_for(lambda: self._settled(partitions), timeout)

    def wait_empty(self, timeout: float) -> bool:
        """Waits until nothing is unsettled."""
        with self._lock:
            return self._changed.wait_for(lambda: self.unsettled == 0, timeout)

    def holds(self, partitions: set[Partition]) -> bool:
        """Whether anything unsettled belongs to these partitions."""
        with self._lock:
            return self._batcher.touches(partitions) or self.flight.touches(partitions)

    def oldest(self) -> float | None:
        """When the oldest unsettled record arrived."""
        with self._lock:
            return self.flight.oldest() or self._batcher.oldest()

    def _empty(self) -> None:
        # Numbers go on rising: state layers are told apart by them.
        self.flight = Flight(self.flight.number)
        self._batcher.clear()
        self._held = True

    def _settled(self, partitions: set[Partition] | None) -> bool:
        return not (len(self.flight) if partitions is None else self.flight.touches(partitions))

    def _ready(self) -> list[Batch]:
        return self.flight.ready(self._bounds.transaction_records, self._bounds.transaction_bytes)

    def _over(self, share: float) -> bool:
        records = len(self._batcher) + self.flight.records
        size = self._batcher.bytes + self.flight.bytes
        return records >= self._bounds.records * share or size >= self._bounds.bytes * share
