"""What clients and operators may ask, and what they are answered."""

import pytest

from sagas.effects import AttentionCleared
from sagas.flow import for_each, parallel, pivot, seq, wait_signal
from sagas.inputs import CommandKind, ReplyStatus
from sagas.instance import Status
from sagas.policy import Kind, Retry
from sagas.records import SagaRecord
from sagas.refusal import Refusal
from schemas.outcome import Code
from tests.saga_definitions import Order, add_item_step, add_step, new_saga
from tests.saga_driver import Driver

OPERATORS = [CommandKind.RETRY, CommandKind.RESOLVE, CommandKind.SKIP, CommandKind.RESUME, CommandKind.ABORT]
ALL = [*OPERATORS, CommandKind.SIGNAL, CommandKind.CANCEL]


class Approved(SagaRecord):
    """A person says yes, or no."""

    by: str
    yes: bool = True


def noted(order: Order, message: Approved) -> Order:
    return order.with_log(f"approved by {message.by}")


def with_signal() -> Driver:
    saga = new_saga()
    wait = wait_signal("approval", Approved, timeout_ms=1_000, accept=lambda order, said: said.yes, on_signal=noted)
    saga.flow = seq(add_step(saga, "a"), wait, add_step(saga, "b"))
    return Driver(saga).start()


def with_pivot() -> Driver:
    saga = new_saga()
    forever = Retry.forever(attention_after=1)
    saga.flow = seq(
        add_step(saga, "a"),
        pivot(add_step(saga, "p", Kind.PIVOT, retry=Retry.never())),
        add_step(saga, "r", Kind.RETRIABLE, retry=forever),
    )
    return Driver(saga).start()


@pytest.mark.parametrize("kind", ALL)
def test_nothing_can_be_asked_of_a_saga_that_is_not_there(kind: CommandKind) -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    assert Driver(saga).command(kind).answer().code is Refusal.SAGA_NOT_FOUND


@pytest.mark.parametrize("kind", ALL)
def test_nothing_can_change_a_finished_saga(kind: CommandKind) -> None:
    driver = with_pivot().done("a", "p", "r")
    state = driver.saga
    answer = driver.command(kind, step="a").answer()
    assert (answer.code, "ended as COMPLETED" in answer.message) == (Refusal.SAGA_REFUSED, True)
    assert driver.saga == state


@pytest.mark.parametrize("kind", OPERATORS)
def test_an_operator_says_who_asks(kind: CommandKind) -> None:
    answer = with_pivot().command(kind, actor="", step="a").answer()
    assert (answer.code, "say who asks" in answer.message) == (Code.INVALID_ARGUMENT, True)


def test_a_signal_lets_the_flow_go_on_and_changes_the_data() -> None:
    driver = with_signal().done("a").command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "ada"}')
    assert driver.commands() == ["b"]
    assert driver.data().log[-1] == "approved by ada"
    assert "signal/approval" not in driver.saga.timers


def test_a_signal_may_come_before_it_is_waited_for() -> None:
    driver = with_signal().command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "ada"}')
    assert (driver.answer().ok, driver.commands()) == (True, [])
    assert driver.done("a").commands() == ["b"]


def test_a_signal_that_declines_compensates() -> None:
    driver = with_signal().done("a")
    driver.command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "ada", "yes": false}')
    assert driver.commands() == ["-a"]
    assert driver.saga.reason == "signal approval was declined"


def test_only_the_first_signal_counts() -> None:
    driver = with_signal().done("a").command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "ada"}')
    answer = driver.command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "bob"}').answer()
    assert (answer.code, "the first one counts" in answer.message) == (Refusal.SAGA_REFUSED, True)


def test_a_signal_that_nobody_awaits_is_refused() -> None:
    answer = with_signal().command(CommandKind.SIGNAL, step="payment", payload=b"{}").answer()
    assert (answer.code, "it awaits: approval" in answer.message) == (Code.INVALID_ARGUMENT, True)


@pytest.mark.parametrize("payload", [b"", b"no json", b"{}", b'{"by": 1}', b'{"by": "a", "more": 1}', b'"text"'])
def test_a_malformed_signal_is_refused(payload: bytes) -> None:
    driver = with_signal().done("a").command(CommandKind.SIGNAL, step="approval", payload=payload)
    assert driver.answer().code is Code.INVALID_ARGUMENT
    assert driver.events() == []


def test_a_signal_to_a_saga_that_compensates_is_refused() -> None:
    driver = with_signal().done("a").command(CommandKind.CANCEL)
    answer = driver.command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "ada"}').answer()
    assert answer.code is Refusal.SAGA_REFUSED


def test_a_cancel_before_the_pivot_compensates_and_says_why() -> None:
    driver = with_pivot().command(CommandKind.CANCEL, reason="changed my mind")
    assert (driver.status, driver.answer().ok) == (Status.COMPENSATING, True)
    assert driver.done("a").undone("a").ended[0].reason == "changed my mind"
    assert [event.actor for event in driver.history if event.kind == "compensating"] == ["ada"]


def test_a_cancel_while_compensating_or_after_it_is_fine() -> None:
    driver = with_pivot().command(CommandKind.CANCEL).command(CommandKind.CANCEL)
    assert (driver.answer().ok, driver.events()) == (True, [])
    driver.done("a").undone("a").command(CommandKind.CANCEL)
    assert (driver.answer().ok, driver.events()) == (True, [])


@pytest.mark.parametrize("steps", [("a",), ("a", "p")])
def test_a_cancel_at_or_after_the_pivot_is_refused(steps: tuple[str, ...]) -> None:
    driver = with_pivot().done(*steps).command(CommandKind.CANCEL)
    answer = driver.answer()
    assert (answer.code, "can't be cancelled: its pivot" in answer.message) == (Refusal.SAGA_REFUSED, True)
    assert driver.status is Status.RUNNING


def test_a_parked_saga_may_be_cancelled_before_its_pivot() -> None:
    saga = new_saga()
    group = parallel(add_step(saga, "a"), add_step(saga, "b", retry=Retry.forever(attention_after=1)))
    saga.flow = seq(group)
    driver = Driver(saga).start().reply("b", ReplyStatus.RETRIABLE, code="BUSY").command(CommandKind.CANCEL)
    assert driver.of(AttentionCleared)
    assert driver.statuses() == {"a": "WAITING", "b": "IN_DOUBT"}
    assert driver.saga.timers["a/run"].due_ms == driver.now_ms + 3_000
    assert driver.done("a").commands() == ["-a", "-b"]


def test_an_abort_ends_the_saga_and_undoes_nothing() -> None:
    driver = with_pivot().done("a").command(CommandKind.ABORT, reason="by hand")
    assert (driver.status, driver.commands(), driver.ended[0].reason) == (Status.ABORTED, [], "by hand")
    assert set(driver.saga.timers) == {"retain"}


def parked() -> Driver:
    return with_pivot().done("a").fire("p/run")


def test_resume_is_for_parked_sagas_only() -> None:
    assert with_pivot().command(CommandKind.RESUME).answer().code is Refusal.SAGA_REFUSED


def test_resume_clears_the_attention_and_asks_again_with_a_new_budget() -> None:
    driver = parked().command(CommandKind.RESUME, reason="fixed")
    assert driver.of(AttentionCleared)
    assert driver.commands() == ["p"]
    assert driver.last("p").attempt == 2
    assert ("resumed", "ada", "fixed") in [(event.kind, event.actor, event.reason) for event in driver.history]
    assert driver.fire("p/run").status is Status.NEEDS_ATTENTION


def test_retry_asks_for_a_step_again_before_its_time() -> None:
    driver = with_pivot().fire("a/run").command(CommandKind.RETRY, step="a")
    assert (driver.commands(), driver.last("a").attempt) == (["a"], 2)
    assert set(driver.saga.timers) == {"a/run"}


def test_retry_lets_a_parked_saga_go_on() -> None:
    driver = parked().command(CommandKind.RETRY, step="p")
    assert (driver.status, driver.commands()) == (Status.RUNNING, ["p"])


def test_retry_of_an_undo_asks_for_it_again() -> None:
    driver = with_pivot().done("a").reply("p", code="NO").command(CommandKind.RETRY, step="a")
    assert driver.commands() == ["-a"]
    assert driver.last("a", undo=True).attempt == 2


def test_no_step_is_asked_for_again_once_the_saga_compensates() -> None:
    driver = with_pivot().command(CommandKind.CANCEL).command(CommandKind.RETRY, step="a")
    assert (driver.answer().code, driver.events()) == (Refusal.SAGA_REFUSED, [])


@pytest.mark.parametrize("kind", [CommandKind.RETRY, CommandKind.SKIP])
def test_a_settled_step_can_not_be_helped(kind: CommandKind) -> None:
    answer = parked().command(kind, step="a").answer()
    assert (answer.code, "step a is DONE" in answer.message) == (Refusal.SAGA_REFUSED, True)


@pytest.mark.parametrize("step", ["", "x", "a[0]", "a[01]", "p]"])
def test_an_unknown_step_is_named_with_those_that_exist(step: str) -> None:
    answer = parked().command(CommandKind.SKIP, step=step).answer()
    assert (answer.code, "there are: a, p, r" in answer.message) == (Code.INVALID_ARGUMENT, True)


def test_resolve_gives_a_step_its_reply() -> None:
    driver = parked().command(CommandKind.RESOLVE, step="p", payload=b'{"payload": {"$bytes": "aGFuZA=="}}')
    assert driver.data().log[-1] == "p=hand"
    assert driver.commands() == ["r"]
    assert [event.actor for event in driver.history if event.step == "p"][-1] == "ada"


def test_resolve_with_null_says_that_nothing_was_done() -> None:
    driver = parked().command(CommandKind.RESOLVE, step="p", payload=b"null", reason="the bank says so")
    assert driver.statuses()["p"] == "REJECTED"
    assert driver.commands() == ["-a"]


def test_resolve_with_null_is_refused_after_the_pivot() -> None:
    driver = with_pivot().done("a", "p").fire("r/run").command(CommandKind.RESOLVE, step="r", payload=b"null")
    assert driver.answer().code is Refusal.SAGA_REFUSED


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b'"text"', b"{}", b'{"payload": {"$bytes": "!"}}', b"[" * 10_000]
)
def test_a_result_that_the_saga_can_not_use_is_refused(payload: bytes) -> None:
    driver = parked().command(CommandKind.RESOLVE, step="p", payload=payload)
    assert driver.answer().code is Code.INVALID_ARGUMENT
    assert (driver.events(), driver.status) == ([], Status.NEEDS_ATTENTION)


def test_resolve_of_an_undo_settles_it() -> None:
    driver = with_pivot().done("a").reply("p", code="NO").reply("a", code="INVALID_ARGUMENT", undo=True)
    assert driver.status is Status.NEEDS_ATTENTION
    driver.command(CommandKind.RESOLVE, step="a", payload=b"{}", reason="undone by hand")
    assert driver.status is Status.COMPENSATED


def test_an_undo_can_not_be_resolved_as_if_nothing_was_done() -> None:
    driver = with_pivot().done("a").reply("p", code="NO").command(CommandKind.RESOLVE, step="a", payload=b"null")
    assert (driver.answer().code, driver.events()) == (Code.INVALID_ARGUMENT, [])


def test_skip_passes_over_a_step_and_leaves_it_out_of_the_undo() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), add_step(saga, "b"))
    driver = Driver(saga).start().command(CommandKind.SKIP, step="a", reason="done by phone")
    assert driver.commands() == ["b"]
    assert driver.reply("b", code="NO").status is Status.COMPENSATED


def test_skip_of_a_pivot_passes_it() -> None:
    driver = parked().command(CommandKind.SKIP, step="p")
    assert (driver.saga.pivoted, driver.commands()) == (True, ["r"])


def test_skip_passes_over_an_undo() -> None:
    driver = with_pivot().done("a").reply("p", code="NO").command(CommandKind.SKIP, step="a")
    assert (driver.status, driver.statuses()["a"]) == (Status.COMPENSATED, "DONE-SKIPPED")


def test_an_item_of_a_loop_is_a_step() -> None:
    saga = new_saga()
    saga.flow = seq(for_each(lambda order: order.items, add_item_step(saga, "each"), max_items=3, max_in_flight=1))
    driver = Driver(saga).start(b'{"order": "one", "items": ["p", "q"]}').command(CommandKind.SKIP, step="each[0]")
    assert driver.commands() == ["each[1]"]
    assert driver.done("each[1]").status is Status.COMPLETED
