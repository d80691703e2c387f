"""What a Faust agent does with a micro-batch: asks the handler, follows twins, builds the outputs.

Everything ends in outputs, one for each entry in order of its offset; a handler that fails is asked again, with a
growing pause, for as long as the batch is still wanted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from schemas.envelope import event_time
from schemas.handler import Effects, Emission, Handler, State
from schemas.outcome import Outcome
from streams import steady_clock
from streams.admission import TOO_LATE
from streams.answering import Answering
from streams.entry import Entry
from streams.failpoints import passing
from streams.flight import Batch
from streams.output import Output
from streams.pipeline import Pipeline
from streams.repeats.answer import Answer
from streams.state_keeper import StateKeeper

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
# A named tuple's own constructor takes five times as long.
made = tuple.__new__

log = structlog.get_logger(__name__)


class Processing:
    """Turns dispatched batches into finished ones, for one lane; runs on the event loop."""

    def __init__(
        self,
        pipeline: Pipeline,
        handler: Handler,
        keeper: StateKeeper,
        answering: Answering,
        look_up: Callable[[Sequence[Entry]], Awaitable[None]],
    ) -> None:
        self._pipeline = pipeline
        self._handler = handler
        self._keeper = keeper
        self._answering = answering
        self._look_up = look_up

    async def run(self, batch: Batch) -> None:
        """Finishes the batch, unless its flight was aborted meanwhile. Never raises."""
        pause = FIRST_PAUSE
        try:
            while batch.flight is self._pipeline.flight:
                try:
                    await self._answer(batch)
                    self._pipeline.finish(batch)
                    return
                except Exception as error:
                    log.error("micro-batch failed, trying again", batch=batch.number, error=repr(error), pause=pause)
                    self._reset(batch)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            batch.done.set()
            self._pipeline.free(time.monotonic())

    def _reset(self, batch: Batch) -> None:
        """Undoes what a failed try left on the batch, so that the next one begins like the first."""
        batch.emissions.clear()
        batch.counts.clear()
        batch.compute_seconds = 0.0
        if batch.flight is self._pipeline.flight:
            self._keeper.undo(batch.number)

    async def _answer(self, batch: Batch) -> None:
        passing("dispatch.before")
        entries = batch.entries
        special = [entry for entry in entries if entry.leader or entry.replay or entry.envelope.reply_to]
        decided = [(entry, entry.outcome, entry.replay, entry.leader) for entry in special]
        if special:
            await self._prepare(batch, special)
        # `settled` in line: a property costs more than all of this.
        fresh = [
            entry
            for entry in entries
            if entry.outcome is None
            and entry.leader is None
            and entry.replay is None
            and entry.dead_letter is None
            and not entry.silent
        ]
        passing("dispatch.after")
        try:
            await self._settle(batch, fresh, follow=bool(special))
        except BaseException:
            reopen(entries, fresh, decided)
            raise

    async def _settle(self, batch: Batch, fresh: list[Entry], *, follow: bool) -> None:
        state = self._keeper.begin(batch.number)
        try:
            await self._infer(batch, fresh, state)
            if follow:
                await self._follow(batch, state)
        finally:
            self._keeper.end(state)
        batch.emissions += self._keeper.outputs(batch.number)
        self._write(batch)

    async def _prepare(self, batch: Batch, special: list[Entry]) -> None:
        await self._look_up(special)
        for entry in special:
            # Read once: the committer's thread takes a batch off its entries.
            ahead = entry.leader.batch if entry.leader is not None else None
            if ahead is not None and ahead is not batch:
                await ahead.done.wait()

    async def _infer(self, batch: Batch, fresh: list[Entry], state: State) -> None:
        now_ms = steady_clock.now_ms()
        wanted = in_time(fresh, now_ms)
        if not wanted:
            return
        passing("infer.before")
        effects = await self._handler.handle(wanted, state, now_ms / 1000)
        passing("infer.after")
        batch.compute_seconds += effects.compute_seconds
        self._apply(batch, wanted, effects)

    def _apply(self, batch: Batch, wanted: list[Entry], effects: Effects) -> None:
        if len(effects.outcomes) != len(wanted):
            raise ValueError(f"the handler gave {len(effects.outcomes)} outcomes for {len(wanted)} requests")
        for entry, outcome in zip(wanted, effects.outcomes, strict=True):
            entry.outcome = outcome
            entry.silent = outcome is None
        batch.emissions += [emitted(emission) for emission in effects.emissions]
        batch.counts.update(effects.counts)

    async def _follow(self, batch: Batch, state: State) -> None:
        """Settles repeats whose twin was in flight: in order, so that a leader is settled before its followers."""
        for entry in batch.entries:
            leader = entry.leader
            if leader is None:
                continue
            if leader.batch is batch and not leader.answered and not leader.silent:
                self._answer_one(leader, batch)
            entry.leader = None
            # Even if this one is too late or its reply topic is wrong: those that wait for it may have the answer.
            entry.answer = leader.answer
            if leader.answer is None:
                if entry.outcome is None:
                    await self._infer(batch, [entry], state)
            elif in_time([entry], steady_clock.now_ms()):
                entry.repeat(leader.answer)

    def _answer_one(self, entry: Entry, batch: Batch) -> None:
        self._answering.answer(entry, steady_clock.now_ms(), b"", batch.compute_seconds * 1000)

    def _write(self, batch: Batch) -> None:
        moment = steady_clock.now_ms()
        ce_time = event_time(moment / 1000)
        compute_ms = batch.compute_seconds * 1000
        batch.answers = self._answering.answer_all(batch.entries, moment, ce_time, compute_ms)
        batch.emissions += [entry.stop for entry in batch.entries if entry.stop is not None] if batch.stops else []
        batch.tracked = any(entry.large for entry in batch.entries)


def emitted(emission: Emission) -> Output:
    """A handler's record as the producer takes it."""
    partition = -1 if emission.partition is None else emission.partition
    return made(Output, (emission.topic, emission.value, emission.key, partition, emission.headers, None))


def reopen(
    entries: Sequence[Entry],
    inferred: Sequence[Entry],
    decided: Sequence[tuple[Entry, Outcome | None, Answer | None, Entry | None]],
) -> None:
    """Puts entries back to where they were before a try that failed: its state and emissions are gone as well.

    `decided` are those that are repeats or have a reply topic, with outcome, replay and leader as they were.
    """
    for entry in inferred:
        entry.outcome, entry.silent = None, False
    for entry, outcome, replay, leader in decided:
        entry.outcome, entry.replay, entry.leader, entry.silent = outcome, replay, leader, False
    for entry in entries:
        entry.answered, entry.answer, entry.sealed, entry.large = False, None, None, False


def in_time(entries: list[Entry], now_ms: int) -> list[Entry]:
    """The entries whose deadline has not passed; the others are answered so."""
    late = [entry for entry in entries if (due := entry.envelope.deadline) is not None and due <= now_ms]
    if not late:
        return entries
    for entry in late:
        entry.outcome = TOO_LATE
    return [entry for entry in entries if entry.outcome is None]
