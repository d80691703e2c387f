"""Defects that exploration and random schedules have found, each as small as it gets."""

from collections.abc import Mapping
from typing import Any

from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.explorer import Small, explore
from sagas.flow import parallel
from sagas.inputs import CommandKind, ReplyStatus
from sagas.policy import Retry
from sagas.undo import Done, InDoubt
from schemas.outcome import Code
from tests.saga_definitions import TIMEOUT, Order, add_step
from tests.saga_driver import Driver
from tests.saga_flows import OUTPUT, START, sequence, small_saga


def test_a_reply_to_a_step_that_was_open_when_its_saga_was_aborted_is_kept_aside() -> None:
    driver = Driver(sequence(1)).start(START)
    driver.command(CommandKind.ABORT)
    driver.reply("a")
    assert driver.events() == []
    assert [effect.reason for effect in driver.effects] == ["saga 'one' ended as ABORTED; step a awaits nothing"]


def test_a_reply_to_an_undo_that_was_open_when_its_saga_was_aborted_is_kept_aside() -> None:
    driver = Driver(sequence(1)).start(START).done()
    driver.command(CommandKind.CANCEL)
    driver.reply("a")
    driver.command(CommandKind.ABORT)
    driver.reply("a", undo=True)
    assert driver.events() == []
    assert "awaits nothing" in driver.effects[0].reason


def test_an_undo_that_was_done_after_all_while_its_saga_was_parked_can_not_be_helped_any_more() -> None:
    for kind in (CommandKind.RETRY, CommandKind.RESOLVE, CommandKind.SKIP):
        driver = Driver(sequence(2)).start(START).done("a")
        driver.reply("b", code="NO")
        driver.fire("a/undo/run")
        assert driver.status == "NEEDS_ATTENTION"
        driver.reply("a", undo=True)
        assert driver.statuses()["a"] == "DONE-DONE"
        driver.command(kind, step="a", payload=b"{}")
        assert not driver.answer().ok
        assert driver.answer().message.startswith("step a is DONE and its undo DONE")
        driver.command(CommandKind.RESUME)
        assert driver.status == "COMPENSATED"


def forgetful() -> Compiled:
    """Two steps at once: the command of `a` is made of data that the reply of `b` changes."""
    saga = small_saga()

    @saga.step(name="a", send="echo", rejects=("NO",), retry=Retry(2, 100, jitter=0.0), timeout=TIMEOUT)
    def a(order: Order) -> Mapping[str, Any]:
        return {"payload": f"{len(order.log)}".encode()}

    @a.compensate(send="echo", retry=Retry.forever(100, attention_after=1, jitter=0.0), timeout=TIMEOUT)
    def undo(order: Order, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
        return {"payload": b"undo"}

    saga.flow = parallel(a, add_step(saga, "b", retry=Retry.never(), undo_retry=Retry.forever(100, attention_after=1)))
    return compile_saga(saga)


def test_a_conflict_with_an_earlier_attempt_leaves_a_step_in_doubt() -> None:
    driver = Driver(forgetful()).start(START).done("b")
    driver.fire("a/run").fire("a/retry")
    assert driver.last("a").attempt == 2
    driver.reply("a", ReplyStatus.FAILED, code=Code.REQUEST_ID_CONFLICT)
    assert driver.statuses()["a"] == "IN_DOUBT-WAITING"
    assert driver.status == "COMPENSATING"


def test_a_conflict_on_the_first_attempt_says_that_nothing_was_done() -> None:
    driver = Driver(forgetful()).start(START)
    driver.reply("a", ReplyStatus.FAILED, code=Code.REQUEST_ID_CONFLICT)
    assert driver.statuses()["a"] == "REJECTED"


def test_nothing_is_left_of_a_step_whose_second_attempt_is_another_request() -> None:
    explored = explore(Small(forgetful(), START, OUTPUT, cancels=False, resumes=0))
    assert explored.ends["COMPENSATED"] > 0
