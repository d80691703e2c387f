"""Checkers that find nothing prove nothing: seven engines and lanes that are broken on purpose, each found out.

Each twin is the real engine, or the real rules of a lane, with one defect; the invariant that finds it is named.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.engine import backward, react, replies, sending
from sagas.explorer import Found, Small, explore
from sagas.flow import Seq, seq
from sagas.inputs import Command, CommandKind, Input, Reply, ReplyStatus
from sagas.instance import Direction, Instance, Status
from sagas.invariants import InvariantBroken
from sagas.invariants.lane import LANE, one_that_fails_holds_up_no_other, other_sagas_change_nothing_of_it
from sagas.keys import step_key
from sagas.testing.lane import Ending, Entry, Published, SimulatedLane
from tests.saga_definitions import new_saga
from tests.saga_flows import OUTPUT, START, sequence, step

react_module = __import__("sagas.engine.react", fromlist=["is_due"])
ECHO = "sluicegate.echo.EchoResult"


def found_in(compiled: Compiled, **settings: Any) -> Found:
    """What exploring finds."""
    with pytest.raises(Found) as caught:
        explore(Small(compiled, START, OUTPUT, cancels=False, resumes=0, **settings))
    return caught.value


def test_an_engine_that_skips_one_undo_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    undo = backward._undo

    def skips(turn: Any, path: str, name: str) -> bool:
        return True if path == "a" else undo(turn, path, name)

    monkeypatch.setattr(backward, "_undo", skips)
    found = found_in(sequence(2))
    assert found.broken.invariant == "compensated_means_all_was_undone"
    assert "its undo was never sent" in str(found)
    assert found.way[-1] == "timer a/run"


def test_an_engine_that_undoes_in_forward_order_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def forward_order(turn: Any, node: Seq) -> bool:
        return all(backward.backward(turn, member) for member in node.members)

    monkeypatch.setitem(backward._BACKWARD, Seq, forward_order)
    found = found_in(sequence(2))
    assert found.broken.invariant == "undo_follows_the_reverse_order"
    assert "a is undone" in str(found)


def test_an_engine_with_a_fresh_key_on_retry_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    emit = sending._emit

    def freshens(turn: Any, path: str, draft: sending.Draft, *more: Any) -> None:
        if draft.attempt > 1:
            key = f"{draft.key}:{draft.attempt}"
            draft = draft._replace(key=key, record={**draft.record, "request_id": key})
        emit(turn, path, draft, *more)

    monkeypatch.setattr(sending, "_emit", freshens)
    assert found_in(sequence(1, attempts=2)).broken.invariant == "one_key_per_step_and_direction"


def test_an_engine_that_retries_after_a_rejection_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "_nothing_done", lambda *known: False)
    found = found_in(sequence(1, attempts=2))
    assert found.broken.invariant == "rejections_are_final"
    assert "attempt 2 of a follows a rejection" in str(found)


def test_an_engine_whose_timers_know_no_attempt_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_due(instance: Any, fired: Any, now_ms: int) -> bool:
        timer = instance.timers.get(fired.name)
        return timer is not None and (timer.epoch != fired.epoch or timer.due_ms <= now_ms)

    monkeypatch.setattr(react_module, "is_due", is_due)
    assert found_in(sequence(1, attempts=3)).broken.invariant == "stale_timers_do_nothing"


class PublishesAtOnce(SimulatedLane):
    """Its commands go out when they are made, not when the transaction is committed."""

    def handle(self, entry: Entry, rows: dict[str, bytes | None], pending: list[Published]) -> None:
        super().handle(entry, rows, pending)
        self.published += pending
        pending.clear()


class KeepsMemory(SimulatedLane):
    """What an aborted transaction made of a saga stays in memory."""

    def abort(self, rows: dict[str, bytes | None]) -> None:
        """Forgets nothing."""


def life() -> Iterator[Entry]:
    """A saga's inputs until it is compensated, and another's among them."""
    for at_ms, (saga_id, one) in enumerate(_inputs(), 1_000):
        yield Entry(saga_id, one, at_ms)


def _inputs() -> Iterator[tuple[str, Input]]:
    for saga_id in ("one", "two"):
        payload = START.replace(b"one", saga_id.encode())
        yield saga_id, Command(CommandKind.START, "order", payload=payload, request_id=f"start {saga_id}")
    yield "one", _reply("one", "a")
    yield "two", _reply("two", "a")
    yield "one", _reply("one", "b", rejected=True)
    yield "one", _reply("one", "b", rejected=True)
    yield "one", _reply("one", "a", Direction.BACKWARD)
    yield "two", _reply("two", "b")
    yield "two", _reply("two", "b")
    yield "three", _reply("three", "a")


def _reply(saga_id: str, step: str, direction: Direction = Direction.FORWARD, *, rejected: bool = False) -> Reply:
    key = step_key(saga_id, 1_000 if saga_id in ("one", "four") else 1_001, step, direction)
    if rejected:
        return Reply(key, 1, ReplyStatus.FAILED, ECHO, "NO", "no")
    return Reply(key, 1, ReplyStatus.DONE, ECHO, output={"request_id": key, **OUTPUT})


def undisturbed(catalogue: Catalogue, count: int) -> SimulatedLane:
    """A lane that got so many inputs, one a transaction, and never failed."""
    lane = SimulatedLane(catalogue).append(*list(life())[:count])
    while lane.offset < count:
        lane.transact(1)
    return lane


def hold(lane: SimulatedLane) -> None:
    """Every invariant of lanes."""
    for invariant in LANE:
        invariant(lane, undisturbed(lane.catalogue, lane.offset))


CATALOGUE = Catalogue([sequence(2)])


@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.COMMIT])
def test_wherever_a_lane_fails_it_ends_as_if_it_had_not(size: int, ending: Ending) -> None:
    """Every place in the log, every size of a transaction, every way to fail: once, and once more at the next."""
    entries = list(life())
    for place in range(len(entries)):
        lane = SimulatedLane(CATALOGUE).append(*entries)
        while lane.offset < place:
            lane.transact(1)
        for _ in range(2):
            lane.transact(size, ending)
            hold(lane)
        while lane.offset < len(entries):
            lane.transact(size)
            hold(lane)
    statuses = {saga_id: saga.status for saga_id in lane.store if (saga := lane.load(saga_id)) is not None}
    assert statuses == {"one": "COMPENSATED", "two": "COMPLETED"}


def test_a_lane_that_publishes_outside_its_transaction_is_found_out() -> None:
    lane = PublishesAtOnce(CATALOGUE).append(*life())
    with pytest.raises(InvariantBroken) as caught:
        hold(lane.transact(1, Ending.ABORT))
    assert caught.value.invariant == "nothing_leaves_an_aborted_transaction"


def test_a_lane_that_rolls_its_memory_not_back_is_found_out() -> None:
    lane = KeepsMemory(CATALOGUE).append(*life())
    hold(lane.transact(1))
    lane.transact(2, Ending.ABORT)
    with pytest.raises(InvariantBroken) as caught:
        hold(lane)
    assert caught.value.invariant == "memory_is_what_was_committed"


def run_through(lane: SimulatedLane, *entries: Entry) -> SimulatedLane:
    """A lane that was given each of these a transaction."""
    lane.append(*entries)
    for _ in entries:
        lane.transact(1)
    return lane


@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_saga_ends_as_if_it_were_alone_however_others_come_between(random: Random, size: int) -> None:
    own = [[entry for entry in life() if entry.saga_id == saga_id] for saga_id in ("one", "two", "three")]
    queues = [list(entries) for entries in own]
    merged = []
    while any(queues):
        merged.append(random.choice([queue for queue in queues if queue]).pop(0))
    lane = SimulatedLane(CATALOGUE).append(*merged)
    while lane.offset < len(merged):
        lane.transact(size)
    for entries in own:
        alone = run_through(SimulatedLane(CATALOGUE), *entries)
        other_sagas_change_nothing_of_it(lane, alone, entries[0].saga_id)


class Mixes(SimulatedLane):
    """Whoever comes second gets what the first one has in memory."""

    def load(self, saga_id: str) -> Instance | None:
        """Any saga."""
        return next(iter(self.memory.values()), None)


def test_a_lane_whose_sagas_are_not_kept_apart_is_found_out() -> None:
    entries = list(life())
    alone = run_through(SimulatedLane(CATALOGUE), *(entry for entry in entries if entry.saga_id == "two"))
    with pytest.raises(InvariantBroken) as caught:
        other_sagas_change_nothing_of_it(run_through(Mixes(CATALOGUE), *entries), alone, "two")
    assert caught.value.invariant == "other_sagas_change_nothing_of_it"


def failing() -> Catalogue:
    """The same sagas, and one whose own code raises on its first reply."""
    saga = new_saga(name="faulty")
    first = step(saga, "a")
    first.on_reply(lambda order, reply: 1 // 0)
    saga.flow = seq(first)
    return Catalogue([sequence(2), compile_saga(saga)])


def with_a_faulty_one() -> list[Entry]:
    """The others' inputs with those of one that fails among them, again and again."""
    start = Command(CommandKind.START, "faulty", payload=START.replace(b"one", b"four"), request_id="start four")
    resume = Command(CommandKind.RESUME, actor="ada", request_id="again")
    mine = [start, *[_reply("four", "a"), resume] * 3, _reply("four", "a")]
    merged = []
    for number, entry in enumerate(life()):
        merged.append(entry)
        if number < len(mine):
            merged.append(Entry("four", mine[number], entry.at_ms))
    return merged


def test_a_saga_whose_code_raises_holds_up_no_other() -> None:
    entries = with_a_faulty_one()
    lane = run_through(SimulatedLane(failing()), *entries)
    faulty = lane.load("four")
    assert faulty is not None
    assert faulty.status is Status.NEEDS_ATTENTION
    without = run_through(SimulatedLane(failing()), *life())
    one_that_fails_holds_up_no_other(lane, without, len(entries))


class Stops(SimulatedLane):
    """Goes no further once a saga of its is parked."""

    def transact(self, count: int, ending: Ending = Ending.COMMIT) -> SimulatedLane:
        """Nothing more while one is parked."""
        parked = any(saga.status is Status.NEEDS_ATTENTION for saga in self.memory.values())
        return self if parked else super().transact(count, ending)


def test_a_lane_that_stops_for_a_saga_that_fails_is_found_out() -> None:
    entries = with_a_faulty_one()
    without = run_through(SimulatedLane(failing()), *life())
    with pytest.raises(InvariantBroken) as caught:
        one_that_fails_holds_up_no_other(run_through(Stops(failing()), *entries), without, len(entries))
    assert caught.value.invariant == "one_that_fails_holds_up_no_other"


def test_the_lane_uses_the_engine_itself() -> None:
    assert SimulatedLane(CATALOGUE)._engine is react
