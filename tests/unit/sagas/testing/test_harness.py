"""The harness: what it lets a test say, and what it says when a saga does otherwise."""

from pathlib import Path

import pytest

from sagas.flow import for_each, parallel, pivot, seq, wait_signal
from sagas.fold import fold
from sagas.inputs import CommandKind
from sagas.invariants import InvariantBroken
from sagas.policy import Kind, OnTimeout
from sagas.testing import Crash, Fault, Misused, SagaHarness, Unexpected, read_history
from tests.saga_definitions import Start, add_item_step, add_step, new_saga
from tests.saga_flows import Approved

ORDER = Start(order="o-1", items=("p", "q"))


def purchase() -> SagaHarness:
    """Reserve, charge, and send."""
    saga = new_saga()
    reserve, charge = add_step(saga, "reserve"), add_step(saga, "charge", Kind.PIVOT)
    saga.flow = seq(reserve, pivot(charge), add_step(saga, "send", Kind.RETRIABLE))
    return SagaHarness(saga)


def reading() -> SagaHarness:
    """Two at once, after a reservation."""
    saga = new_saga()
    group = parallel(add_step(saga, "embed", Kind.READ_ONLY), add_step(saga, "classify"))
    saga.flow = seq(add_step(saga, "reserve"), group)
    return SagaHarness(saga)


def test_a_saga_completes() -> None:
    harness = purchase().start(ORDER).expect("reserve").reply(payload=b"one")
    harness.expect("charge").reply(payload=b"two").expect("send").expect_running().reply(payload=b"three")
    harness.expect_completed(order="o-1", log=("reserve=one", "charge=two", "send=three")).expect_nothing()
    assert fold(harness.history) == harness.saga


def test_a_rejection_undoes_what_was_done() -> None:
    harness = purchase().start(ORDER).expect("reserve").reply(payload=b"one").expect("charge").reject("NO", "no money")
    harness.expect_compensating().expect_undo("reserve").expect_command("reserve", payload=b"one").reply()
    harness.expect_compensated(reason="no money")


def test_steps_at_once_are_answered_by_name() -> None:
    harness = reading().start(ORDER).reply(payload=b"").expect("embed", "classify")
    with pytest.raises(Misused, match="several steps wait: name one with step=, of embed, classify"):
        harness.reply(payload=b"")
    harness.reply(step="classify", payload=b"").expect("embed").reply(payload=b"").expect_completed()


def test_items_of_a_loop_are_steps() -> None:
    saga = new_saga()
    body = add_item_step(saga, "each", Kind.COMPENSATABLE)
    saga.flow = for_each(lambda order: order.items, body, max_items=2, item=str)
    harness = SagaHarness(saga).start(ORDER).expect("each[0]", "each[1]").inject("each[1]", Fault.ERROR)
    harness.reply(step="each[0]", payload=b"").reply(step="each[1]", payload=b"")
    harness.expect_running().advance(seconds=1).expect("each[1]").reply(payload=b"").expect_completed(log=("p", "q"))


def test_time_passes_only_when_it_is_told_to() -> None:
    harness = purchase().start(ORDER).advance(seconds=2.9).expect("reserve")
    assert harness.outstanding[0].attempt == 1
    harness.advance(ms=100).expect_nothing().advance(ms=100).expect("reserve")
    assert harness.outstanding[0].attempt == 2
    harness.advance(seconds=6.3).expect_undo("reserve")
    with pytest.raises(
        Unexpected, match=r"the saga is COMPENSATING \(step reserve is in doubt: no answer to attempt 3"
    ):
        harness.expect_running()


def test_a_step_that_is_answered_while_its_saga_turns_back_is_undone_knowing_its_reply() -> None:
    harness = purchase().start(ORDER).cancel("tired").expect("reserve").reply(payload=b"late")
    harness.expect_undo("reserve").expect_command("reserve", payload=b"late").reply().expect_compensated("tired")


def test_a_signal_comes_or_does_not() -> None:
    saga = new_saga()
    saga.flow = seq(
        add_step(saga, "reserve"), wait_signal("word", Approved, timeout_ms=5_000, on_timeout=OnTimeout.ATTENTION)
    )
    harness = SagaHarness(saga).start(ORDER).reply(payload=b"")
    with pytest.raises(Unexpected, match="COMPLETED was expected; the saga is RUNNING; outstanding: the signal word"):
        harness.expect_completed()
    harness.advance(seconds=5).expect_attention("word", "did not come")
    harness.signal("word", Approved(yes=True)).resume("ada", "they called").expect_completed()


@pytest.mark.parametrize("fault", [Fault.REPEAT, Fault.DUPLICATE_REPLY])
def test_what_comes_twice_counts_once(fault: Fault) -> None:
    harness = purchase().start(ORDER).inject("reserve", fault).reply(payload=b"").expect("charge")
    assert [str(event.kind) for event in harness.history].count("step_done") == 1


def test_a_reply_that_is_dropped_is_asked_for_again() -> None:
    harness = purchase().start(ORDER).inject("reserve", "drop_reply").reply(payload=b"").expect("reserve")
    assert harness.advance(seconds=4).outstanding[0].attempt == 2


def test_a_late_reply_counts_while_its_step_waits() -> None:
    harness = purchase().start(ORDER).inject("reserve", Fault.LATE_REPLY).reply(payload=b"").expect("reserve")
    harness.advance(seconds=4).expect("charge")


def test_an_error_leaves_a_step_in_doubt_and_an_undo_is_tried_again() -> None:
    harness = purchase().start(ORDER).cancel()
    harness.inject("reserve", Fault.ERROR).inject("reserve", Fault.UNDO_ERROR).reply(payload=b"")
    harness.expect_undo("reserve").expect_command("reserve", payload=b"in doubt").reply()
    harness.expect_nothing().advance(seconds=1).expect_undo("reserve").reply().expect_compensated()


def test_a_failure_that_may_be_retried_is() -> None:
    harness = purchase().start(ORDER).fail("BUSY", retriable=True).expect_nothing().advance(seconds=1)
    harness.expect("reserve")


@pytest.mark.parametrize("crash", list(Crash))
def test_a_crash_changes_nothing(crash: Crash) -> None:
    calm, shaken = purchase(), purchase()
    for harness in (calm, shaken):
        harness.start(ORDER)
        for step in ("reserve", "charge", "send"):
            if harness is shaken:
                harness.crash(crash)
            harness.reply(step=step, payload=b"x")
        harness.expect_completed()
    assert calm.history == shaken.history


def test_operators_help_and_are_named() -> None:
    harness = purchase().start(ORDER).reply(payload=b"").reply(payload=b"")
    harness.command(CommandKind.SKIP, step="send", actor="ada", reason="sent by hand").expect_completed()
    assert (harness.history[-2].actor, harness.history[-2].reason) == ("ada", "sent by hand")
    assert "has ended as COMPLETED" in harness.refused(CommandKind.ABORT)


def test_a_refusal_says_why() -> None:
    harness = purchase().start(ORDER)
    with pytest.raises(Unexpected, match="RESUME was refused: saga 'o-1' is RUNNING, not parked"):
        harness.resume()
    with pytest.raises(Unexpected, match="CANCEL was accepted; the saga is COMPENSATING"):
        harness.refused(CommandKind.CANCEL)
    with pytest.raises(Unexpected, match="START was refused: start of order: order: "):
        purchase().start({})


def test_what_was_expected_and_what_is_there_is_told() -> None:
    harness = purchase().start(ORDER)
    with pytest.raises(Unexpected, match=r"commands of charge was expected; the saga is RUNNING; .*: reserve$"):
        harness.expect("charge")
    with pytest.raises(Unexpected, match=r"undos of reserve was expected; the saga is RUNNING; outstanding: reserve$"):
        harness.expect_undo("reserve")
    with pytest.raises(Unexpected, match="nothing was expected; the saga is RUNNING"):
        harness.expect_nothing()
    with pytest.raises(Unexpected, match=r"COMPENSATED was expected; the saga is RUNNING; outstanding: reserve$"):
        harness.expect_compensated()
    with pytest.raises(Unexpected, match="no command of charge is outstanding"):
        harness.expect_command("charge")
    with pytest.raises(Unexpected, match="reserve: payload is b'reserve', not b'other'"):
        harness.expect_command("reserve", payload=b"other")
    with pytest.raises(Unexpected, match=r"data.order is 'o-1', not 'o-2'"):
        harness.expect_data(order="o-2")
    with pytest.raises(Unexpected, match="nothing waits for this answer of charge"):
        harness.reply(step="charge")
    with pytest.raises(Unexpected, match="there is no saga"):
        purchase().expect_running()
    harness.cancel("tired").reply(payload=b"").reply()
    with pytest.raises(Unexpected, match=r"the reason 'bored' was expected; the saga is COMPENSATED \(tired\)"):
        harness.expect_compensated("bored")


def test_what_could_not_happen_is_refused() -> None:
    harness = purchase()
    with pytest.raises(Misused, match=r"nothing was started: call start\(\) first"):
        harness.advance(seconds=1)
    harness.start(ORDER)
    with pytest.raises(Misused, match=r"takes 'NO' for a rejection: use reject\(\)"):
        harness.fail("NO")
    with pytest.raises(Misused, match=r"does not take 'OOPS' for a rejection: it knows INVALID_ARGUMENT, NO; use fail"):
        harness.reject("OOPS")
    with pytest.raises(Misused, match="EchoResult has no field 'paylaod': it has payload"):
        harness.reply(paylaod=b"")
    with pytest.raises(Misused, match="there is no step 'pay': there are reserve, charge, send"):
        harness.inject("pay", Fault.ERROR)
    with pytest.raises(Misused, match="there is no fault 'explode': there are error, undo_error"):
        harness.inject("reserve", "explode")


def test_a_stalled_step_is_told_with_its_reason() -> None:
    harness = purchase().start(ORDER).reply(payload=b"").fail().advance(seconds=1).fail().advance(seconds=1).fail()
    harness.expect_attention("charge", "PROCESSOR_FAILED")
    with pytest.raises(
        Unexpected, match="attention for send and '' was expected; the saga is NEEDS_ATTENTION at charge"
    ):
        harness.expect_attention("send")


def test_every_transition_is_held_against_the_invariants(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = purchase().start(ORDER)
    monkeypatch.setattr("sagas.engine.replies.step_done", lambda turn, path, *more: turn.instance.steps.clear())
    with pytest.raises(InvariantBroken, match="state_is_the_fold_of_the_history"):
        harness.reply(payload=b"")


def test_its_history_is_kept_once(tmp_path: Path) -> None:
    harness = purchase().start(ORDER).reply(payload=b"").save(tmp_path / "one.jsonl")
    assert fold(read_history(tmp_path / "one.jsonl")) == harness.saga
    with pytest.raises(FileExistsError):
        harness.save(tmp_path / "one.jsonl")
