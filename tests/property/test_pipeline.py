"""A lane's pipeline against plain lists: what waits, what runs, what may commit, and what each partition has committed.

The model reads like the intake (after an abort it goes back to what is committed), and its clock has binary fractions,
so that ages are exact. It never decides which batch closes: it says of each one that it may, and that none is left.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from processors.contract import BatchPolicy
from streams.batcher import Closed
from streams.entry import Entry
from streams.flight import Batch
from streams.partition import Partition
from streams.pipeline import Bounds, Pipeline
from streams.repeats.book import AnswerBook
from streams.repeats.book import Bounds as BookBounds

TICK = 1 / 1024
PARTITIONS = 3
SIZE, COST, BYTES, WAIT = 4, 10, 100, 32 * TICK
BOUNDS = Bounds(records=16, size=600, transaction_records=4, transaction_bytes=150)
NO_COST = 1 << 62

# Records of every kind: small ones, ones of which few fit, and ones that are over a bound all alone.
weights = st.tuples(st.sampled_from([10, 40, 90, 180]), st.sampled_from([1, 2, 6, 12]), st.integers(0, 2))


@dataclass
class Waiting:
    """A record that waits, and when it arrived."""

    entry: Entry
    arrived: float


@dataclass
class Log:
    """One partition as the broker keeps it: offsets with holes, how far it was read, how far it is committed."""

    owner: Partition
    offsets: list[int]
    position: int = 0
    end: int = 0
    committed: int = 0

    @property
    def next_offset(self) -> int:
        return self.offsets[-1] + 1 if self.offsets else 0


def epoch(number: int) -> Partition:
    return Partition("requests", number, AnswerBook(BookBounds(1, 100, 1_000)))


class PipelineMachine(RuleBasedStateMachine):
    """Everything that the lane's threads do to a pipeline, one after another, in any order."""

    @initialize(slots=st.integers(1, 3), cost=st.sampled_from([None, COST]), drains=st.booleans(), starts=st.booleans())
    def open(self, slots: int, cost: int | None, drains: bool, starts: bool) -> None:
        self.drains = drains
        self.now = 1.0
        self.policy = BatchPolicy(size=SIZE, wait_ms=WAIT * 1000, cost=cost, bytes=BYTES)
        self.slots = slots
        self.pipeline = Pipeline(self.policy, slots, BOUNDS, self.dispatched)
        self.logs = [Log(epoch(number), []) for number in range(PARTITIONS)]
        self.weights: dict[tuple[int, int], tuple[int, int]] = {}
        self.waiting: list[Waiting] = []
        self.aboard: list[Batch] = []
        self.running: list[Batch] = []
        self.held, self.aborted, self.backlog, self.draining = True, False, False, False
        self.last_number = 0
        if starts:
            self.resume()

    # What the pipeline does

    def dispatched(self, batch: Batch) -> None:
        assert not self.held, "dispatched while held"
        assert not self.aborted, "dispatched after an abort"
        assert len(self.running) < self.slots, "more batches running than slots"
        assert batch.reason in self.reasons(), f"nothing closes this batch, least of all its {batch.reason}"
        taken = self.waiting[: len(batch.entries)]
        assert [one.entry for one in taken] == batch.entries, "not the records that have waited longest"
        assert len(batch.entries) == self.most(), "not as many records as the policy allows"
        assert batch.oldest == taken[0].arrived
        assert batch.bytes == sum(entry.size for entry in batch.entries)
        assert batch.number > self.last_number
        self.last_number = batch.number
        del self.waiting[: len(taken)]
        self.aboard.append(batch)
        self.running.append(batch)

    def limit(self) -> int:
        return NO_COST if self.policy.cost is None else self.policy.cost

    def fits(self, waiting: list[Waiting]) -> bool:
        entries = [one.entry for one in waiting]
        return (
            len(entries) <= SIZE
            and sum(entry.cost for entry in entries) <= self.limit()
            and sum(entry.size for entry in entries) <= BYTES
        )

    def most(self) -> int:
        """How many records the next batch takes: all that fit, and one in any case."""
        counts = range(1, len(self.waiting) + 1)
        return max((count for count in counts if self.fits(self.waiting[:count])), default=1)

    def reasons(self) -> set[Closed]:
        """Why the next batch may close now, were a slot free."""
        if not self.waiting:
            return set()
        found = {
            Closed.SIZE: len(self.waiting) >= SIZE,
            Closed.COST: sum(one.entry.cost for one in self.waiting) >= self.limit(),
            Closed.BYTES: sum(one.entry.size for one in self.waiting) >= BYTES,
            Closed.DRAIN: self.draining,
            Closed.IDLE: not self.running and not self.backlog,
            Closed.AGE: self.now - self.waiting[0].arrived >= WAIT,
        }
        return {reason for reason, holds in found.items() if holds}

    # Intake

    def read(self, number: int, count: int) -> list[Entry]:
        log = self.logs[number]
        entries = []
        for offset in [one for one in log.offsets if one >= log.position][:count]:
            size, cost = self.weights[number, offset]
            entry = Entry(log.owner, offset, 0, None, size)
            entry.cost = cost
            entries.append(entry)
            log.position = offset + 1
        return entries

    def offer(self, entries: list[Entry], backlog: bool) -> None:
        self.waiting += [Waiting(entry, self.now) for entry in entries]
        self.backlog = backlog
        self.pipeline.offer(entries, self.now, backlog=backlog)

    @rule(
        produced=st.lists(st.tuples(st.integers(0, PARTITIONS - 1), weights), max_size=9),
        count=st.integers(1, 6),
        backlog=st.booleans(),
    )
    def poll(self, produced: list[tuple[int, tuple[int, int, int]]], count: int, backlog: bool) -> None:
        for number, (size, cost, hole) in produced:
            log = self.logs[number]
            log.offsets.append(log.next_offset + hole)
            self.weights[number, log.offsets[-1]] = size, cost
        self.offer([entry for number in range(PARTITIONS) for entry in self.read(number, count)], backlog)

    @rule()
    def poll_nothing(self) -> None:
        self.backlog = False
        self.pipeline.quiet(self.now)

    @rule(ticks=st.integers(0, 40))
    def time_passes(self, ticks: int) -> None:
        self.now += ticks * TICK
        due = self.pipeline.due()
        open_now = not self.held and len(self.running) < self.slots
        assert due == (self.waiting[0].arrived + WAIT if open_now and self.waiting else None)
        if due is not None and due <= self.now:
            self.pipeline.pump(self.now)

    @rule()
    def pump(self) -> None:
        self.pipeline.pump(self.now)

    @rule()
    def resume(self) -> None:
        self.held = False
        self.pipeline.resume(self.now)

    @precondition(lambda self: self.aborted)
    @rule(at_once=st.booleans())
    def restart(self, at_once: bool) -> None:
        self.aborted, self.held = False, True
        self.forget()
        self.pipeline.restart()
        for log in self.logs:
            log.position = log.end
        if at_once:
            self.resume()

    @rule(kind=st.sampled_from(["hold", "drain", "abort", "revoke"]), number=st.integers(0, PARTITIONS - 1))
    def is_disturbed(self, kind: str, number: int) -> None:
        if kind == "hold":
            self.hold()
        elif kind == "abort":
            self.abort()
        elif kind == "revoke":
            self.revoke(number)
        elif self.drains:
            self.draining, self.backlog = True, False
            self.pipeline.drain(self.now)

    def hold(self) -> None:
        self.held = True
        self.pipeline.hold()

    def revoke(self, number: int) -> None:
        log = self.logs[number]
        self.hold()
        log.owner.owned = False
        if self.pipeline.holds({log.owner}):
            self.abort()
        else:
            self.resume()
        log.owner, log.position = epoch(number), log.end

    # The event loop

    @precondition(lambda self: any(not batch.finished for batch in self.running))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        self.pipeline.finish(data.draw(st.sampled_from([one for one in self.running if not one.finished])))

    @precondition(lambda self: any(self.may_be_freed(batch) for batch in self.running))
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        batch = data.draw(st.sampled_from([one for one in self.running if self.may_be_freed(one)]))
        self.running.remove(batch)
        self.pipeline.free(self.now)

    def may_be_freed(self, batch: Batch) -> bool:
        return batch.finished or batch.flight is not self.pipeline.flight

    # The committer

    @precondition(lambda self: self.first_finished())
    @rule(fate=st.sampled_from(["commit", "commit", "commit", "abort", "too late"]))
    def transact(self, fate: str) -> None:
        batches = self.pipeline.ready(0)
        if fate == "abort":
            self.abort()
            return
        self.commit_offsets(batches)
        del self.aboard[: len(batches)]
        if fate == "too late":
            # The transaction was committed, and something else gave the flight up meanwhile.
            self.abort()
        self.pipeline.committed(batches)

    def first_finished(self) -> list[Batch]:
        """The finished batches ahead of all others: one in any case, and no more than a transaction holds."""
        taken: list[Batch] = []
        for batch in self.aboard:
            records = sum(len(one.entries) for one in [*taken, batch])
            size = sum(one.bytes for one in [*taken, batch])
            over = records > BOUNDS.transaction_records or size > BOUNDS.transaction_bytes
            if not batch.finished or (taken and over):
                break
            taken.append(batch)
        return taken

    def commit_offsets(self, batches: list[Batch]) -> None:
        """Moves each partition's committed end, which must cover the batches' records and nothing else."""
        for number, log in enumerate(self.logs):
            records = [e for batch in batches for e in batch.entries if e.partition == number]
            ends = [end for batch in batches for owner, end in batch.ends.items() if owner.number == number]
            assert all(entry.owner is log.owner for entry in records), "a record of an epoch that has ended"
            assert ends == sorted(set(ends)), "an end that does not rise"
            if ends:
                assert ends[-1] > log.end
                between = [offset for offset in log.offsets if log.end <= offset < ends[-1]]
                assert [entry.offset for entry in records] == between, "records lost or doubled"
                log.end = ends[-1]
                log.committed += len(between)

    def abort(self) -> None:
        self.aborted = self.held = True
        self.forget()
        self.pipeline.abort("test")

    def forget(self) -> None:
        self.waiting.clear()
        self.aboard.clear()

    # What holds at any time

    @invariant()
    def counts_what_is_unsettled(self) -> None:
        entries = [one.entry for one in self.waiting]
        flying = [entry for batch in self.aboard for entry in batch.entries]
        records, size = len(entries) + len(flying), sum(entry.size for entry in entries + flying)
        pipeline = self.pipeline
        assert pipeline.unsettled == records
        assert (pipeline.flight.records, pipeline.flight.bytes) == (len(flying), sum(e.size for e in flying))
        assert pipeline.full == (records >= BOUNDS.records or size >= BOUNDS.bytes)
        assert pipeline.roomy == (records < BOUNDS.records / 2 and size < BOUNDS.bytes / 2)
        assert pipeline.wait_room(0) == (records < BOUNDS.records * 0.9 and size < BOUNDS.bytes * 0.9)
        assert pipeline.wait_empty(0) == (records == 0)

    @invariant()
    def knows_its_oldest_record(self) -> None:
        arrivals = [batch.oldest for batch in self.aboard] + [one.arrived for one in self.waiting]
        assert self.pipeline.oldest() == min(arrivals, default=None)

    @invariant()
    def knows_whose_records_it_holds(self) -> None:
        assert self.pipeline.wait_settled(None, 0) == (not self.aboard)
        for log in self.logs:
            aboard = any(entry.owner is log.owner for batch in self.aboard for entry in batch.entries)
            waiting = any(one.entry.owner is log.owner for one in self.waiting)
            assert self.pipeline.wait_settled({log.owner}, 0) == (not aboard)
            assert self.pipeline.holds({log.owner}) == (aboard or waiting)

    @invariant()
    def leaves_nothing_waiting_that_may_go(self) -> None:
        if not self.held and not self.aborted and len(self.running) < self.slots:
            assert not self.reasons() - {Closed.AGE}
            assert Closed.AGE not in self.reasons() or self.pipeline.due() is not None

    @invariant()
    def an_idle_processor_with_an_empty_backlog_leaves_no_record_waiting(self) -> None:
        if not self.held and not self.aborted and not self.running and not self.backlog:
            assert not self.waiting

    @invariant()
    def only_finished_batches_of_this_flight_are_ready(self) -> None:
        assert self.pipeline.aborted == ("test" if self.aborted else None)
        ready = self.pipeline.ready(0)
        assert ready == self.first_finished()
        assert all(batch.flight is self.pipeline.flight for batch in ready)

    def teardown(self) -> None:
        """In the end every record that was produced is committed once, whatever happened before."""
        if not hasattr(self, "pipeline"):
            return
        self.wind_down()
        for log in self.logs:
            assert (log.end, log.committed) == (log.next_offset, len(log.offsets))

    def wind_down(self) -> None:
        if self.aborted:
            self.restart(at_once=False)
        self.resume()
        # Each round settles a batch, and no batch is empty.
        for _ in range(1 + sum(len(log.offsets) for log in self.logs)):
            self.finish_all()
            self.free_all()
            self.commit_all()
            self.poll_all()
            if not self.pipeline.unsettled:
                return

    def finish_all(self) -> None:
        for batch in reversed(self.running):
            self.pipeline.finish(batch)

    def free_all(self) -> None:
        for batch in list(self.running):
            self.running.remove(batch)
            self.pipeline.free(self.now)

    def commit_all(self) -> None:
        batches = self.pipeline.ready(0)
        if batches:
            self.commit_offsets(batches)
            del self.aboard[: len(batches)]
            self.pipeline.committed(batches)

    def poll_all(self) -> None:
        self.offer([entry for number in range(PARTITIONS) for entry in self.read(number, 1_000)], backlog=False)


TestPipeline: Any = PipelineMachine.TestCase
TestPipeline.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
