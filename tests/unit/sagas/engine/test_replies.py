"""Replies: late, twice, out of order, of the wrong type, or for nobody."""

import pytest

from sagas.effects import Orphaned
from sagas.flow import for_each, parallel, pivot, seq
from sagas.inputs import CommandKind, Reply, ReplyStatus
from sagas.instance import Status
from sagas.policy import Kind, Retry
from tests.saga_definitions import add_item_step, add_step, new_saga
from tests.saga_driver import ECHO, START_MS, Driver


def two_steps() -> Driver:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), add_step(saga, "b"))
    return Driver(saga).start()


def orphaned(driver: Driver) -> str:
    (orphan,) = driver.of(Orphaned)
    return orphan.reason


def test_a_reply_for_no_saga_is_kept_aside() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    driver = Driver(saga).put(Reply("key", 1, ReplyStatus.DONE, ECHO))
    assert "there is no saga 'one'" in orphaned(driver)


def test_a_reply_with_a_key_of_no_step_is_kept_aside() -> None:
    driver = two_steps().put(Reply("key", 1, ReplyStatus.DONE, ECHO))
    assert "no step of saga 'one', run 1000000, has the key 'key'" in orphaned(driver)
    assert driver.events() == []


def test_a_reply_without_a_key_is_kept_aside() -> None:
    saga = new_saga()
    broken = saga.step(send="echo", name="a", kind=Kind.READ_ONLY)(lambda order: 1 // 0)
    saga.flow = seq(broken, add_step(saga, "b"))
    driver = Driver(saga).start().command(CommandKind.SKIP, step="a").put(Reply("", 1, ReplyStatus.DONE, ECHO))
    assert "has the key ''" in orphaned(driver)


def test_a_reply_of_the_wrong_type_is_kept_aside_and_the_step_waits_on() -> None:
    driver = two_steps().reply("a", type_name="sluicegate.digits.DigitsResult")
    assert "awaits sluicegate.echo.EchoResult" in orphaned(driver)
    assert driver.statuses() == {"a": "WAITING"}
    assert driver.done("a").commands() == ["b"]


def test_a_reply_to_an_attempt_that_was_never_made_is_kept_aside() -> None:
    driver = two_steps().reply("a", attempt=7)
    assert "attempt 7 of step a was never made; there were 1" in orphaned(driver)
    assert driver.statuses() == {"a": "WAITING"}


def test_the_same_reply_again_changes_nothing() -> None:
    driver = two_steps().done("a")
    state = driver.saga
    driver.reply("a")
    assert (driver.effects, driver.saga) == ((), state)


def test_the_same_rejection_again_changes_nothing() -> None:
    driver = two_steps().done("a").reply("b", code="NO").reply("b", code="NO")
    assert driver.effects == ()


def test_the_same_failure_again_changes_nothing() -> None:
    driver = two_steps().reply("a", ReplyStatus.RETRIABLE, code="BUSY").reply("a", ReplyStatus.RETRIABLE, code="BUSY")
    assert driver.effects == ()
    assert driver.statuses() == {"a": "RETRYING"}


def test_the_same_undo_reply_again_changes_nothing() -> None:
    driver = two_steps().done("a").reply("b", code="NO").undone("a").undone("a")
    assert driver.effects == ()


def test_a_retriable_failure_is_tried_again_with_the_same_key() -> None:
    driver = two_steps()
    key = driver.last("a").request_id
    driver.reply("a", ReplyStatus.RETRIABLE, code="BUSY")
    assert driver.saga.timers["a/retry"].due_ms == START_MS + 100
    assert "a/run" not in driver.saga.timers
    driver.fire("a/retry")
    assert driver.commands() == ["a"]
    assert (driver.last("a").request_id, driver.last("a").attempt) == (key, 2)
    assert driver.reply("a", ReplyStatus.RETRIABLE, code="BUSY").saga.timers["a/retry"].due_ms == driver.now_ms + 200


def test_a_failure_for_good_that_is_no_rejection_is_in_doubt_after_its_attempts() -> None:
    driver = two_steps().done("a")
    for _ in range(2):
        driver.reply("b", code="PROCESSOR_FAILED").fire("b/retry")
    driver.reply("b", code="PROCESSOR_FAILED")
    assert driver.statuses()["b"] == "IN_DOUBT-WAITING"
    assert driver.status is Status.COMPENSATING


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "REQUEST_ID_CONFLICT"])
def test_a_request_that_was_not_even_taken_is_a_rejection(code: str) -> None:
    driver = two_steps().done("a").reply("b", code=code)
    assert driver.statuses()["b"] == "REJECTED"


def test_a_rejection_is_never_tried_again_even_if_it_calls_itself_retriable() -> None:
    driver = two_steps().done("a").reply("b", ReplyStatus.RETRIABLE, code="NO")
    assert driver.statuses()["b"] == "REJECTED"


def test_a_late_done_of_a_superseded_attempt_is_taken_while_the_step_waits() -> None:
    driver = two_steps().fire("a/run").fire("a/retry").reply("a", attempt=1)
    assert driver.statuses() == {"a": "DONE", "b": "WAITING"}


def test_a_done_between_two_attempts_is_taken() -> None:
    driver = two_steps().fire("a/run").reply("a")
    assert driver.commands() == ["b"]
    assert "a/retry" not in driver.saga.timers


def test_a_done_of_an_unknown_attempt_is_taken() -> None:
    assert two_steps().reply("a", attempt=0).commands() == ["b"]


@pytest.mark.parametrize("code", ["NO", "PROCESSOR_FAILED"])
def test_another_late_reply_of_a_superseded_attempt_is_noted_only(code: str) -> None:
    driver = two_steps().fire("a/run").fire("a/retry").reply("a", code=code, attempt=1)
    assert driver.events() == [("late_reply", "a")]
    assert driver.statuses() == {"a": "WAITING"}


def test_a_failure_of_an_attempt_that_timed_out_before_is_noted_only() -> None:
    driver = two_steps().fire("a/run").reply("a", ReplyStatus.RETRIABLE, code="BUSY")
    assert driver.events() == [("late_reply", "a")]
    assert driver.statuses() == {"a": "RETRYING"}


def test_a_rejection_of_an_attempt_that_timed_out_before_settles_the_step() -> None:
    driver = two_steps().done("a").fire("b/run").reply("b", code="NO")
    assert driver.statuses()["b"] == "REJECTED"


def test_a_done_while_compensating_corrects_the_doubt_before_the_undo_is_sent() -> None:
    saga = new_saga()
    group = parallel(add_step(saga, "b", retry=Retry.never()), add_step(saga, "c"))
    saga.flow = seq(add_step(saga, "a"), group)
    driver = Driver(saga).start().done("a").fire("b/run")
    assert driver.statuses() == {"a": "DONE", "b": "IN_DOUBT", "c": "WAITING"}
    driver.reply("b", payload=b"after all")
    assert driver.events() == [("step_upgraded", "b")]
    assert driver.done("c").commands() == ["-b", "-c"]
    assert driver.last("b", undo=True).record["payload"] == b"after all"


def test_a_done_after_the_undo_was_sent_is_noted_only() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a", retry=Retry.never()))
    driver = Driver(saga).start().fire("a/run").reply("a")
    assert driver.events() == [("late_reply", "a")]
    assert driver.undone("a").status is Status.COMPENSATED


def test_a_late_reply_after_the_end_is_kept_aside_and_changes_nothing() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a", retry=Retry.never()))
    driver = Driver(saga).start().fire("a/run").undone("a")
    state = driver.saga
    driver.reply("a")
    assert "ended as COMPENSATED" in orphaned(driver)
    assert driver.saga == state


def test_a_reply_to_a_forgotten_loop_item_changes_nothing() -> None:
    saga = new_saga()
    each = for_each(lambda order: order.items, add_item_step(saga, "each"), max_items=4, max_in_flight=1)
    saga.flow = seq(each)
    driver = Driver(saga).start(b'{"order": "one", "items": ["p", "q"]}').done("each[0]").reply("each[0]")
    assert driver.effects == ()


def test_replies_of_a_parked_saga_are_taken_and_nothing_is_sent() -> None:
    saga = new_saga()
    group = parallel(add_step(saga, "a"), add_step(saga, "b", retry=Retry.forever(attention_after=1)))
    saga.flow = seq(group, add_step(saga, "c"))
    driver = Driver(saga).start().reply("b", ReplyStatus.RETRIABLE, code="BUSY")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.done("a").commands() == []
    assert driver.statuses() == {"a": "DONE", "b": "STALLED"}
    assert driver.command(CommandKind.RESUME).commands() == ["b"]
    assert driver.done("b").commands() == ["c"]


def test_a_failure_of_a_parked_saga_waits_for_its_operator() -> None:
    saga = new_saga()
    group = parallel(add_step(saga, "a"), add_step(saga, "b", retry=Retry.forever(attention_after=1)))
    saga.flow = seq(group)
    driver = Driver(saga).start().reply("b", ReplyStatus.RETRIABLE, code="BUSY")
    driver.reply("a", ReplyStatus.RETRIABLE, code="BUSY")
    assert driver.statuses() == {"a": "STALLED", "b": "STALLED"}
    assert driver.saga.timers == {}


def test_a_pivot_in_doubt_parks_the_saga() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), pivot(add_step(saga, "p", Kind.PIVOT, retry=Retry.never())))
    driver = Driver(saga).start().done("a").fire("p/run")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.statuses() == {"a": "DONE", "p": "STALLED"}


def after_pivot() -> Driver:
    saga = new_saga()
    saga.flow = seq(
        pivot(add_step(saga, "p", Kind.PIVOT)),
        add_step(saga, "r", Kind.RETRIABLE, retry=Retry.forever(attention_after=2, initial_ms=100)),
    )
    return Driver(saga).start().done("p")


def test_a_retriable_step_goes_on_until_it_succeeds() -> None:
    driver = after_pivot().reply("r", ReplyStatus.RETRIABLE, code="BUSY").fire("r/retry")
    assert driver.done("r").status is Status.COMPLETED


def test_a_retriable_step_that_fails_too_often_parks_the_saga() -> None:
    driver = after_pivot().reply("r", ReplyStatus.RETRIABLE, code="BUSY").fire("r/retry").fire("r/run")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.command(CommandKind.RESUME).commands() == ["r"]
    assert driver.done("r").status is Status.COMPLETED


def test_a_retriable_step_that_is_refused_parks_the_saga() -> None:
    driver = after_pivot().reply("r", code="INVALID_ARGUMENT")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.saga.pivoted
