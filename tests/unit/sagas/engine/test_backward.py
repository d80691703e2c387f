"""Undoing: what, in which order, and with what it is told."""

from sagas.flow import for_each, parallel, pivot, seq, when
from sagas.inputs import CommandKind, ReplyStatus
from sagas.instance import Status
from sagas.policy import Kind
from tests.saga_definitions import add_item_step, add_step, new_saga
from tests.saga_driver import Driver


def three_steps() -> Driver:
    saga = new_saga()
    saga.flow = seq(*(add_step(saga, name) for name in "abc"))
    return Driver(saga)


def test_a_rejected_step_is_not_undone_and_those_before_it_are_in_reverse() -> None:
    driver = three_steps().start().done("a", "b").reply("c", code="NO")
    assert driver.status is Status.COMPENSATING
    assert driver.commands() == ["-b"]
    assert driver.undone("b").commands() == ["-a"]
    assert driver.undone("a").status is Status.COMPENSATED
    assert driver.statuses() == {"a": "DONE-DONE", "b": "DONE-DONE", "c": "REJECTED"}
    assert driver.ended[0].reason == "step c was rejected: NO: because"


def test_a_rejected_first_step_leaves_nothing_to_undo() -> None:
    driver = three_steps().start().reply("a", code="NO")
    assert driver.status is Status.COMPENSATED
    assert driver.commands() == []


def test_an_undo_is_told_the_reply() -> None:
    driver = three_steps().start().reply("a", payload=b"\x00 result").reply("b", code="NO")
    assert driver.last("a", undo=True).record["payload"] == b"\x00 result"


def test_a_step_in_doubt_is_undone_and_told_so() -> None:
    driver = three_steps().start().done("a")
    for timer in ("b/run", "b/retry", "b/run", "b/retry", "b/run"):
        driver.fire(timer)
    assert driver.commands() == ["-b"]
    assert driver.last("b", undo=True).record["payload"] == b"in doubt"
    assert driver.undone("b").commands() == ["-a"]


def test_an_undo_has_a_key_of_its_own_and_the_step_s_place_in_kafka() -> None:
    driver = three_steps().start().done("a").reply("b", code="NO")
    forward, undo = driver.last("a"), driver.last("a", undo=True)
    assert undo.request_id != forward.request_id
    assert undo.key == forward.key


def test_read_only_steps_and_those_that_need_no_undo_have_none() -> None:
    saga = new_saga()
    steps = (
        add_step(saga, "a"),
        add_step(saga, "b", Kind.READ_ONLY),
        add_step(saga, "c", no_undo="it is a note that may stay"),
        add_step(saga, "d"),
    )
    saga.flow = seq(*steps)
    driver = Driver(saga).start().done("a", "b", "c").reply("d", code="NO")
    assert driver.commands() == ["-a"]


def group() -> Driver:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), parallel(*(add_step(saga, name) for name in "bcd")))
    return Driver(saga).start().done("a")


def test_siblings_are_awaited_before_anything_is_undone() -> None:
    driver = group().done("b").reply("c", code="NO")
    assert (driver.status, driver.commands()) == (Status.COMPENSATING, [])
    assert driver.done("d").commands() == ["-b", "-d"]
    assert driver.undone("b").commands() == []
    assert driver.undone("d").commands() == ["-a"]


def test_a_sibling_that_is_rejected_meanwhile_has_no_undo() -> None:
    assert group().done("b").reply("c", code="NO").reply("d", code="NO").commands() == ["-b"]


def test_a_sibling_that_does_not_answer_in_time_is_in_doubt_at_once() -> None:
    driver = group().done("b").reply("c", code="NO").fire("d/run")
    assert driver.statuses()["d"] == "IN_DOUBT-WAITING"
    assert driver.commands() == ["-b", "-d"]


def test_a_sibling_that_fails_meanwhile_is_not_asked_again() -> None:
    driver = group().done("b").reply("c", code="NO").reply("d", ReplyStatus.RETRIABLE, code="BUSY")
    assert driver.commands() == ["-b", "-d"]


def test_a_sibling_between_attempts_is_in_doubt() -> None:
    driver = group().reply("d", ReplyStatus.RETRIABLE, code="BUSY").done("b").reply("c", code="NO")
    assert driver.statuses()["d"] == "IN_DOUBT-WAITING"
    assert "d/retry" not in driver.saga.timers


def test_data_stays_as_it_was_once_the_saga_compensates() -> None:
    driver = group().done("b").reply("c", code="NO").done("d")
    assert driver.data().log == ("a=answer", "b=answer")


def test_the_taken_branch_is_undone() -> None:
    saga = new_saga()
    choice = when(lambda order: order.big, add_step(saga, "a"), add_step(saga, "b"), name="is-big")
    saga.flow = seq(choice, add_step(saga, "c"))
    driver = Driver(saga).start(b'{"order": "one", "big": true}').done("a").reply("c", code="NO")
    assert driver.commands() == ["-a"]


def test_items_of_a_loop_are_undone_so_many_at_once_the_last_first() -> None:
    saga = new_saga()
    each = for_each(
        lambda order: order.items, add_item_step(saga, "each", Kind.COMPENSATABLE), max_items=4, max_in_flight=2
    )
    saga.flow = seq(each, add_step(saga, "last"))
    driver = Driver(saga).start(b'{"order": "one", "items": ["p", "q", "r", "s"]}')
    driver.done("each[0]", "each[1]", "each[2]", "each[3]").reply("last", code="NO")
    assert driver.commands() == ["-each[3]", "-each[2]"]
    assert driver.last("each[3]", undo=True).record["payload"] == b"undo s"
    assert driver.undone("each[2]").commands() == ["-each[1]"]
    assert driver.undone("each[3]").commands() == ["-each[0]"]
    assert driver.undone("each[0]").commands() == []
    assert driver.undone("each[1]").status is Status.COMPENSATED


def test_items_in_flight_are_awaited_and_no_other_begins() -> None:
    saga = new_saga()
    each = for_each(
        lambda order: order.items, add_item_step(saga, "each", Kind.COMPENSATABLE), max_items=4, max_in_flight=2
    )
    saga.flow = seq(each)
    driver = Driver(saga).start(b'{"order": "one", "items": ["p", "q", "r", "s"]}').reply("each[0]", code="NO")
    assert driver.commands() == []
    assert driver.done("each[1]").commands() == ["-each[1]"]
    assert set(driver.saga.steps) == {"each[0]", "each[1]"}


def test_a_saga_that_failed_before_its_pivot_never_reaches_it() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), pivot(add_step(saga, "p", Kind.PIVOT)))
    driver = Driver(saga).start().reply("a", code="NO")
    assert "p" not in driver.saga.steps


def test_a_rejected_pivot_compensates() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), pivot(add_step(saga, "p", Kind.PIVOT)))
    assert Driver(saga).start().done("a").reply("p", code="NO").commands() == ["-a"]


def test_an_undo_that_fails_is_repeated_with_its_key() -> None:
    driver = three_steps().start().done("a").reply("b", code="NO")
    key = driver.last("a", undo=True).request_id
    driver.reply("a", ReplyStatus.RETRIABLE, code="BUSY", undo=True)
    assert (driver.commands(), driver.statuses()["a"]) == ([], "DONE-RETRYING")
    driver.fire("a/undo/retry")
    assert driver.commands() == ["-a"]
    assert (driver.last("a", undo=True).request_id, driver.last("a", undo=True).attempt) == (key, 2)


def test_an_undo_that_is_not_answered_is_repeated() -> None:
    driver = three_steps().start().done("a").reply("b", code="NO").fire("a/undo/run")
    assert driver.fire("a/undo/retry").commands() == ["-a"]


def stuck() -> Driver:
    driver = three_steps().start().done("a", "b").reply("c", code="NO")
    for _ in range(2):
        driver.reply("b", ReplyStatus.RETRIABLE, code="BUSY", undo=True).fire("b/undo/retry")
    return driver.reply("b", ReplyStatus.RETRIABLE, code="BUSY", undo=True)


def test_an_undo_that_fails_for_ever_parks_the_saga() -> None:
    driver = stuck()
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.saga.attention is not None
    assert driver.saga.attention.step == "b"
    assert "failed 3 times, lastly: BUSY" in driver.saga.attention.reason
    assert driver.saga.timers == {}


def test_a_parked_undo_goes_on_when_it_is_resumed() -> None:
    driver = stuck().command(CommandKind.RESUME)
    assert driver.commands() == ["-b"]
    assert driver.last("b", undo=True).attempt == 4
    assert driver.undone("b", "a").status is Status.COMPENSATED


def test_an_undo_that_is_refused_parks_the_saga_at_once() -> None:
    driver = three_steps().start().done("a").reply("b", code="NO").reply("a", code="INVALID_ARGUMENT", undo=True)
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.statuses()["a"] == "DONE-STALLED"
