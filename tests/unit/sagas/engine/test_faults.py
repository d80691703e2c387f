"""A saga whose own code fails is parked: it alone, and with nothing lost."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sagas.flow import for_each, parallel, pivot, seq, wait_signal, when
from sagas.inputs import CommandKind, ReplyStatus
from sagas.instance import Status
from sagas.policy import Kind
from sagas.records import SagaRecord
from tests.saga_definitions import Order, add_item_step, add_step, new_saga
from tests.saga_driver import Driver


def attention(driver: Driver) -> tuple[str, str]:
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.saga.attention is not None
    return driver.saga.attention.step, driver.saga.attention.reason


def broken(command: Callable[..., Any], **settings: Any) -> Driver:
    """Step a is fine, step b's command is not."""
    saga = new_saga()
    first = add_step(saga, "a")
    second = saga.step(send="echo", name="b", kind=Kind.READ_ONLY, **settings)(command)
    saga.flow = seq(first, second)
    return Driver(saga).start().done("a")


class Mute(Exception):
    """An exception that can't even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


def mute(order: Order) -> Mapping[str, Any]:
    raise Mute


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (lambda order: order.nothing, "AttributeError"),
        (mute, "b() raised Mute"),
        (lambda order: None, "returned NoneType: return the fields of sluicegate.echo.EchoRequest"),
        (lambda order: {"payload": b"", "request_id": "mine"}, "leave it out, it is the idempotency key"),
        (lambda order: {"payload": 5}, "EchoRequest"),
        (lambda order: {}, "payload"),
        (lambda order: {"payload": b"", "more": 1}, "more"),
        (lambda order: [][0 : 1 // (len(order.log) - 1)], "ZeroDivisionError"),
    ],
)
def test_a_command_that_can_not_be_made_parks_the_saga(command: Callable[..., Any], reason: str) -> None:
    driver = broken(command)
    step, told = attention(driver)
    assert (step, reason in told) == ("b", True)
    assert driver.statuses() == {"a": "DONE"}
    assert driver.commands() == []


@pytest.mark.parametrize("key", [lambda order: 5, lambda order: order.nothing, lambda order: "\ud800"])
def test_a_key_that_can_not_be_one_parks_the_saga(key: Callable[..., Any]) -> None:
    assert "key of b()" in attention(broken(lambda order: {"payload": b""}, key=key))[1]


def test_a_parked_saga_is_parked_again_if_its_code_still_fails() -> None:
    driver = broken(lambda order: order.nothing).command(CommandKind.RESUME)
    assert driver.answer().ok
    assert driver.events() == [("resumed", ""), ("parked", "b")]


def test_a_step_that_can_not_be_sent_may_be_skipped_or_resolved() -> None:
    assert broken(lambda order: order.nothing).command(CommandKind.SKIP, step="b").status is Status.COMPLETED
    driver = broken(lambda order: order.nothing).command(CommandKind.RESOLVE, step="b", payload=b"{}")
    assert driver.status is Status.COMPLETED


def test_a_step_that_can_not_be_sent_is_tried_again_by_retry() -> None:
    driver = broken(lambda order: order.nothing).command(CommandKind.RETRY, step="b")
    assert driver.events() == [("resumed", ""), ("parked", "b")]


def test_a_saga_that_can_not_go_on_may_be_cancelled() -> None:
    assert broken(lambda order: order.nothing).command(CommandKind.CANCEL).commands() == ["-a"]


def replied(function: Callable[..., Any]) -> Driver:
    saga = new_saga()
    step = saga.step(send="echo", name="a", no_undo="nothing is there")(lambda order: {"payload": b"a"})
    step.on_reply(function)
    saga.flow = seq(step, add_step(saga, "b"))
    return Driver(saga).start().done("a")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda order, reply: reply["nothing"], "on_reply of a raised KeyError: 'nothing'"),
        (lambda order, reply: None, "on_reply of a returned NoneType instead of Order"),
        (lambda order, reply: order.model_copy(update={"log": 5}), "what on_reply of a returned"),
        (lambda order, reply: order.model_copy(update={"log": ("\ud800",)}), "what on_reply of a returned"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_reply_that_the_saga_fails_on_parks_it_and_is_asked_for_again(
    function: Callable[..., Any], reason: str
) -> None:
    driver = replied(function)
    step, told = attention(driver)
    assert (step, reason in told) == ("a", True)
    assert driver.statuses() == {"a": "STALLED"}
    key = driver.last("a").request_id
    driver.command(CommandKind.RESUME)
    assert (driver.commands(), driver.last("a").request_id) == (["a"], key)


def test_a_failing_compensation_parks_the_saga() -> None:
    saga = new_saga()
    step = add_step(saga, "a")
    assert step.undo is not None
    saga.steps[0].undo = None
    step.compensate(send="echo")(lambda order, outcome: 1 // 0)
    saga.flow = seq(step, add_step(saga, "b"))
    driver = Driver(saga).start().done("a").reply("b", code="NO")
    assert attention(driver) == ("a", "a's compensation raised ZeroDivisionError: integer division or modulo by zero")
    assert driver.command(CommandKind.SKIP, step="a").status is Status.COMPENSATED


def test_a_command_that_can_not_be_made_again_stalls_its_step() -> None:
    saga = new_saga()

    def command(order: Order) -> Mapping[str, Any]:
        if order.log:
            raise ValueError("not twice")
        return {"payload": b"b"}

    second = saga.step(send="echo", name="b", kind=Kind.READ_ONLY)(command)
    saga.flow = parallel(add_step(saga, "a"), second)
    driver = Driver(saga).start().reply("b", ReplyStatus.RETRIABLE, code="BUSY").done("a").fire("b/retry")
    assert attention(driver) == ("b", "b() raised ValueError: not twice")
    assert driver.statuses() == {"a": "DONE", "b": "STALLED"}


@pytest.mark.parametrize("predicate", [lambda order: 1 // 0, lambda order: "yes"])
def test_a_branch_that_can_not_be_chosen_parks_the_saga(predicate: Callable[..., Any]) -> None:
    saga = new_saga()
    saga.flow = when(predicate, add_step(saga, "a"), name="choice")
    assert attention(Driver(saga).start())[0] == "choice"


@pytest.mark.parametrize(
    "items", [lambda order: 1 // 0, lambda order: "text", lambda order: [object()], lambda order: ["\ud800"]]
)
def test_items_that_can_not_be_listed_park_the_saga(items: Callable[..., Any]) -> None:
    saga = new_saga()
    saga.flow = for_each(items, add_item_step(saga, "each"), max_items=5)
    assert attention(Driver(saga).start())[0] == "each"


def test_items_of_the_wrong_type_park_the_saga() -> None:
    saga = new_saga()
    saga.flow = for_each(lambda order: ["text"], add_item_step(saga, "each"), max_items=5, item=int)
    with pytest.warns(UserWarning, match="Expected `int`"):
        driver = Driver(saga).start()
    assert attention(driver)[0] == "each"


class Approved(SagaRecord):
    """A yes."""


@pytest.mark.parametrize("settings", [{"accept": lambda order, said: 1 // 0}, {"on_signal": lambda order, said: None}])
def test_a_signal_that_the_saga_fails_on_parks_it(settings: dict[str, Any]) -> None:
    saga = new_saga()
    saga.flow = wait_signal("approval", Approved, timeout_ms=None, **settings)
    driver = Driver(saga).start().command(CommandKind.SIGNAL, step="approval", payload=b"{}")
    assert driver.answer().ok
    assert attention(driver)[0] == "approval"


def test_a_collection_that_does_not_fit_parks_the_saga() -> None:
    saga = new_saga()
    each = add_item_step(saga, "each", logs=False)
    saga.flow = for_each(lambda order: ["x"], each, max_items=5, collect="log")
    assert attention(Driver(saga).start().done("each[0]"))[0] == "each"


def test_a_long_reason_is_shortened() -> None:
    def command(order: Order) -> Mapping[str, Any]:
        raise ValueError("x" * 10_000)

    assert len(attention(broken(command))[1]) == 300


def test_a_failure_while_parked_keeps_the_first_reason() -> None:
    saga = new_saga()
    first = saga.step(send="echo", name="a", kind=Kind.READ_ONLY)(lambda order: {"payload": b"a"})
    first.on_reply(lambda order, reply: 1 // 0)
    second = saga.step(send="echo", name="b", kind=Kind.READ_ONLY)(lambda order: {"payload": b"b"})
    second.on_reply(lambda order, reply: 1 // 0)
    saga.flow = parallel(first, second)
    driver = Driver(saga).start().done("a", "b")
    assert attention(driver)[0] == "a"
    assert driver.statuses() == {"a": "STALLED", "b": "STALLED"}


def test_what_failed_while_the_saga_was_parked_keeps_its_siblings_from_going_on() -> None:
    """The reply on which the saga fails comes first: on resume the sequence must not send what is undone at once."""
    saga = new_saga()
    faulty = saga.step(send="echo", name="f", kind=Kind.READ_ONLY)(lambda order: {"payload": b"f"})
    faulty.on_reply(lambda order, reply: 1 // 0)
    saga.flow = parallel(seq(add_step(saga, "a"), add_step(saga, "b")), add_step(saga, "c"), faulty)
    driver = Driver(saga).start().done("f", "a").reply("c", code="NO")
    assert attention(driver)[0] == "f"
    driver.command(CommandKind.RESUME)
    assert driver.status is Status.COMPENSATING
    assert driver.commands() == ["f"], "what it stalled on is asked again, and b is not begun"


def test_the_pivot_s_fault_before_it_was_sent_still_allows_a_cancel() -> None:
    saga = new_saga()
    decisive = saga.step(send="echo", name="p", kind=Kind.PIVOT)(lambda order: 1 // 0)
    saga.flow = seq(add_step(saga, "a"), pivot(decisive))
    assert Driver(saga).start().done("a").command(CommandKind.CANCEL).commands() == ["-a"]
