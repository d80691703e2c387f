"""Records that would be too large are refused before they are emitted."""

from collections.abc import Mapping
from typing import Any

from sagas.effects import Orphaned
from sagas.flow import for_each, seq, wait_signal
from sagas.inputs import CommandKind
from sagas.instance import Status
from sagas.limits import Limits
from sagas.policy import Kind
from sagas.records import SagaRecord
from sagas.refusal import Refusal
from tests.saga_definitions import Order, add_item_step, add_step, new_saga
from tests.saga_driver import Driver

SMALL = Limits(state=2_000, history=1_000, command=1_000)


class Note(SagaRecord):
    """A text."""

    text: str


def test_a_start_that_is_too_large_is_refused() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    driver = Driver(saga, limits=SMALL).start(b'{"order": "one", "items": ["' + b"x" * 1_000 + b'"]}')
    assert (driver.answer().code, driver.instance) == (Refusal.SAGA_TOO_LARGE, None)
    assert "the limit is 1000" in driver.answer().message


def test_a_signal_that_is_too_large_is_refused() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), wait_signal("note", Note, timeout_ms=None))
    driver = Driver(saga, limits=SMALL).start()
    driver.command(CommandKind.SIGNAL, step="note", payload=b'{"text": "' + b"x" * 1_000 + b'"}')
    assert (driver.answer().code, driver.events()) == (Refusal.SAGA_TOO_LARGE, [])
    assert driver.status is Status.RUNNING


def test_a_reply_that_would_make_the_history_too_large_parks_the_saga_and_is_kept_aside() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    driver = Driver(saga, limits=SMALL).start().reply("a", payload=b"x" * 1_000)
    assert driver.status is Status.NEEDS_ATTENTION
    assert "the history's record of step_done" in driver.of(Orphaned)[0].reason
    assert driver.statuses() == {"a": "STALLED"}
    assert driver.command(CommandKind.RESUME).commands() == ["a"]
    assert driver.reply("a", payload=b"x").status is Status.COMPLETED


def test_a_state_that_would_be_too_large_parks_the_saga() -> None:
    saga = new_saga()
    saga.flow = seq(*(add_step(saga, name) for name in "abcdef"))
    driver = Driver(saga, limits=Limits(state=2_000)).start()
    for step in "abcdef":
        if driver.status is Status.RUNNING:
            driver.reply(step, payload=b"x" * 300)
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.saga.attention is not None
    assert "the saga's state would have" in driver.saga.attention.reason


def test_a_timer_after_which_the_state_would_be_too_large_parks_the_saga() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    driver = Driver(saga).start().fire("a/run")
    driver.limits = Limits(state=10)
    assert driver.fire("a/retry").status is Status.NEEDS_ATTENTION
    assert driver.commands() == []


def test_a_command_that_is_too_large_parks_the_saga_before_it_is_sent() -> None:
    saga = new_saga()

    @saga.step(send="echo", kind=Kind.READ_ONLY)
    def b(order: Order) -> Mapping[str, Any]:
        return {"payload": b"x" * 2_000}

    saga.flow = seq(add_step(saga, "a"), b)
    driver = Driver(saga, limits=SMALL).start().done("a")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.saga.attention is not None
    assert driver.saga.attention.reason == "b() made a command of 2039 bytes; the limit is 1000"
    assert driver.statuses() == {"a": "DONE"}


def test_a_loop_whose_items_do_not_fit_is_parked() -> None:
    saga = new_saga()
    each = for_each(lambda order: ["x" * 500] * 4, add_item_step(saga, "each"), max_items=5)
    saga.flow = seq(add_step(saga, "a"), each)
    driver = Driver(saga, limits=SMALL).start().done("a")
    assert driver.status is Status.NEEDS_ATTENTION
