"""Recorded histories against definitions: the same one leads to the same events, another one differs somewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagas.compile import compile_saga
from sagas.errors import HistoryError
from sagas.explorer import Small
from sagas.explorer.world import World
from sagas.flow import pivot, seq, wait_signal, when
from sagas.inputs import CommandKind
from sagas.policy import Deadline, Kind, OnTimeout, Timeout
from sagas.testing import SagaHarness, read_history, replay
from tests.saga_definitions import RETRY, Order, Start, add_step, new_saga
from tests.saga_flows import OUTPUT, START, Approved, sequence


def order(version: int = 1, *names: str, **settings: Any) -> Any:
    """Steps in a row, a pivot, and what comes after."""
    saga = new_saga(version=version, deadline=Deadline(60_000))
    steps = [add_step(saga, name, **settings) for name in names or ("reserve", "put")]
    wait = wait_signal("word", Approved, timeout_ms=5_000, on_timeout=OnTimeout.CONTINUE)
    branch = when(lambda order: order.big, add_step(saga, "gift", Kind.READ_ONLY), name="big")
    last = pivot(add_step(saga, "charge", Kind.PIVOT))
    saga.flow = seq(*steps, wait, branch, last, add_step(saga, "send", Kind.RETRIABLE))
    return saga


ORDER = Start(order="o-1", big=True)
Life = Callable[[SagaHarness], Any]


def completes(harness: SagaHarness) -> None:
    harness.reply(payload=b"1").reply(payload=b"2").signal("word", Approved())
    harness.reply(payload=b"3").reply(payload=b"4").reply(payload=b"5").expect_completed()


def times_out_and_goes_on(harness: SagaHarness) -> None:
    harness.advance(seconds=4).reply(payload=b"1").fail("BUSY").advance(seconds=1).reply(payload=b"2")
    harness.advance(seconds=6).reply(payload=b"3").reply(payload=b"4").reply(payload=b"5").expect_completed()


def is_rejected(harness: SagaHarness) -> None:
    harness.reply(payload=b"1").reject("NO").expect_undo("reserve").fail().advance(seconds=1).reply()
    harness.expect_compensated()


def is_never_answered(harness: SagaHarness) -> None:
    harness.reply(payload=b"1").advance(seconds=9.5).reply(step="put").reply(step="reserve").expect_compensated()


def is_cancelled(harness: SagaHarness) -> None:
    harness.reply(payload=b"1").cancel("tired").reply(payload=b"2").reply(step="put").reply(step="reserve")
    harness.expect_compensated()


def is_helped(harness: SagaHarness) -> None:
    harness.reply(payload=b"1").reply(payload=b"2").signal("word", Approved()).reply(payload=b"3")
    for _ in range(3):
        harness.fail().advance(seconds=1)
    harness.expect_attention("charge").command(CommandKind.RETRY, step="charge", reason="again").reply(payload=b"4")
    harness.command(CommandKind.RESOLVE, step="send", payload=b'{"payload": {"$bytes": ""}}').expect_completed()


def is_late(harness: SagaHarness) -> None:
    harness.advance(seconds=9.5).expect_undo("reserve").reply().expect_compensated().advance(days=8)
    assert harness.saga is None


def passes_its_deadline(harness: SagaHarness) -> None:
    harness.reply(payload=b"1").fail("BUSY").cancel().reply(step="put").reply(step="reserve").expect_compensated()


def is_aborted(harness: SagaHarness) -> None:
    harness.command(CommandKind.ABORT, reason="why not").expect_aborted("why not")


LIVES = [
    completes, times_out_and_goes_on, is_rejected, is_never_answered, is_cancelled, is_helped, is_late,
    passes_its_deadline, is_aborted,
]  # fmt: skip


def lived(life: Life, saga: Any = None) -> SagaHarness:
    """A harness at the end of such a life."""
    harness = SagaHarness(saga or order()).start(ORDER)
    life(harness)
    return harness


@pytest.mark.parametrize("life", LIVES)
def test_a_definition_leads_to_its_own_histories(life: Life, tmp_path: Path) -> None:
    harness = lived(life).save(tmp_path / "life.jsonl")
    assert replay(harness.history, order()) is None
    assert replay(tmp_path / "life.jsonl", order(2)) is None
    assert read_history(tmp_path / "life.jsonl") == harness.history


@pytest.mark.parametrize(
    ("other", "event", "message"),
    [
        (lambda: order(2, "reserve", "check", "put"), "step_sent put", "here comes step_sent check"),
        (lambda: order(2, "reserve"), "step_sent put", "here comes signal_awaited word"),
        (lambda: order(2, timeout=Timeout(2_000, 2_000)), "step_sent reserve", "body was"),
        (lambda: order(2, retry=RETRY, kind=Kind.READ_ONLY), "step_done reserve", "result was"),
    ],
)
def test_the_first_event_that_differs_is_told(other: Callable[[], Any], event: str, message: str) -> None:
    difference = replay(lived(completes).history, other())
    assert difference is not None
    assert f"{difference.event.kind} {difference.event.step}" == event
    assert message in str(difference)
    assert str(difference).startswith(
        f"event {difference.event.seq} of saga 'o-1', run {difference.event.run}: {event}"
    )


def test_a_rejection_that_is_none_any_more_is_told() -> None:
    difference = replay(lived(is_rejected).history, order(2, rejects=("OTHER",)))
    assert difference is not None
    assert str(difference).endswith("step_rejected put: here comes step_failed put")


def test_other_code_on_a_reply_that_was_kept_is_told() -> None:
    saga = order(2)
    saga.steps[0].replied = lambda order, reply: order.with_log("other")
    difference = replay(lived(completes).history, saga)
    assert difference is not None
    assert difference.made is not None
    assert "data was" in str(difference)


def test_data_that_can_not_be_read_any_more_is_told() -> None:
    class Other(Order):
        needed: int

    saga = order(2)
    saga.data = Other
    saga.initial = lambda start: Other(order=start.order, needed=1)
    saga.steps.clear()
    add_step(saga, "reserve")
    saga.flow = seq(saga.steps[0])
    difference = replay(lived(completes).history, saga)
    assert difference is not None
    assert "the definition can't read the recorded data" in str(difference)


def test_a_deadline_that_is_gone_is_told() -> None:
    saga = order(2)
    saga.deadline = None
    difference = replay(lived(completes).history, saga)
    assert difference is not None
    assert difference.event.seq == 0
    assert "deadline_ms" in str(difference)


def test_several_runs_of_one_id_are_replayed_one_by_one() -> None:
    first = lived(is_late)
    second = lived(completes)
    assert replay([*first.history, *second.history], order()) is None


def test_a_file_that_is_no_history_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"event": "started"}\n')
    with pytest.raises(HistoryError, match=r"broken.jsonl, line 1 is no event of a history"):
        replay(path, order())


def test_every_history_of_a_small_saga_is_replayed() -> None:
    """Whatever happened: wherever exploring gets, what led there is found in the history."""
    compiled = sequence(1, attempts=2)
    worlds, seen = [World(Small(compiled, START, OUTPUT)).begin()], set()
    while worlds and len(seen) < 150:
        world = worlds.pop(0)
        if world.identity() in seen:
            continue
        seen.add(world.identity())
        assert replay(world.recorder.run.history, compiled) is None
        worlds += [make() for _, make in world.successors()]
    assert len(seen) == 150


def test_versions_may_be_given_compiled() -> None:
    assert replay(lived(completes).history, compile_saga(order(3))) is None
