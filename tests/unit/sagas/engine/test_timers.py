"""Timers: what a due one does, and which are declined."""

from sagas.effects import ClearTimer, SetTimer
from sagas.flow import pivot, seq, wait_signal
from sagas.inputs import CommandKind, TimerFired
from sagas.instance import Status
from sagas.policy import Deadline, Kind, OnDeadline, OnTimeout, Retry
from sagas.records import SagaRecord
from tests.saga_definitions import add_step, new_saga
from tests.saga_driver import START_MS, Driver


def two_steps(deadline: Deadline | None = None) -> Driver:
    saga = new_saga(deadline=deadline)
    saga.flow = seq(add_step(saga, "a"), pivot(add_step(saga, "p", Kind.PIVOT)), add_step(saga, "r", Kind.RETRIABLE))
    return Driver(saga).start()


def test_an_answer_that_does_not_come_in_time_is_asked_for_again_after_a_while() -> None:
    driver = two_steps().fire("a/run")
    assert (driver.events(), driver.commands()) == ([("step_failed", "a")], [])
    assert driver.saga.timers["a/retry"].due_ms == driver.now_ms + 100
    assert driver.fire("a/retry").commands() == ["a"]


def test_timers_are_set_and_cleared_as_the_state_has_them() -> None:
    driver = two_steps()
    (timer,) = driver.of(SetTimer)
    assert (timer.name, timer.due_ms, timer.epoch) == ("a/run", START_MS + 3_000, 1)
    driver.done("a")
    assert [cleared.name for cleared in driver.of(ClearTimer)] == ["a/run"]
    assert [(timer.name, timer.epoch) for timer in driver.of(SetTimer)] == [("p/run", 2)]


def test_a_timer_of_another_epoch_does_nothing() -> None:
    driver = two_steps()
    driver.now_ms += 10_000
    assert driver.put(TimerFired("a/run", 99, START_MS)).effects == ()


def test_a_timer_that_is_not_set_does_nothing() -> None:
    driver = two_steps().done("a")
    driver.now_ms += 10_000
    assert driver.put(TimerFired("a/run", 1, START_MS)).effects == ()


def test_a_timer_that_fires_early_is_set_again() -> None:
    driver = two_steps().put(TimerFired("a/run", 1, START_MS + 3_000))
    assert driver.effects == (SetTimer("a/run", START_MS + 3_000, 1),)


def test_a_timer_of_no_saga_does_nothing() -> None:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"))
    assert Driver(saga).put(TimerFired("a/run", 1, 0)).effects == ()


def test_the_deadline_compensates_before_the_pivot() -> None:
    driver = two_steps(Deadline(500)).fire("deadline")
    assert driver.status is Status.COMPENSATING
    assert driver.done("a").undone("a").status is Status.COMPENSATED
    assert "deadline of 500 ms" in driver.ended[0].reason


def test_the_deadline_may_ask_for_attention_instead() -> None:
    driver = two_steps(Deadline(500, OnDeadline.ATTENTION)).fire("deadline")
    assert driver.status is Status.NEEDS_ATTENTION
    assert driver.command(CommandKind.RESUME).status is Status.RUNNING
    assert "deadline" not in driver.saga.timers


def test_the_deadline_asks_for_attention_once_the_pivot_may_be_done() -> None:
    assert two_steps(Deadline(500)).done("a").fire("deadline").status is Status.NEEDS_ATTENTION
    assert two_steps(Deadline(500)).done("a", "p").fire("deadline").status is Status.NEEDS_ATTENTION


def test_a_saga_that_compensates_has_no_deadline() -> None:
    driver = two_steps(Deadline(500)).done("a").reply("p", code="NO")
    assert "deadline" not in driver.saga.timers


def test_the_deadline_stands_still_while_the_saga_is_parked() -> None:
    saga = new_saga(deadline=Deadline(5_000))
    saga.flow = seq(add_step(saga, "a", retry=Retry.forever(attention_after=1)))
    driver = Driver(saga).start().fire("a/run")
    assert (driver.saga.timers, driver.saga.paused) == ({}, {"deadline": 2_000})
    driver.now_ms += 1_000_000
    driver.command(CommandKind.RESUME)
    assert driver.saga.timers["deadline"].due_ms == driver.now_ms + 2_000


def test_a_finished_saga_is_forgotten_after_a_while() -> None:
    saga = new_saga(retain_ms=60_000)
    saga.flow = seq(add_step(saga, "a"))
    driver = Driver(saga).start().done("a")
    assert set(driver.saga.timers) == {"retain"}
    assert driver.fire("retain").instance is None
    assert driver.events() == [("forgotten", "")]


def test_a_finished_saga_may_be_kept_for_ever() -> None:
    saga = new_saga(retain_ms=None)
    saga.flow = seq(add_step(saga, "a"))
    assert Driver(saga).start().done("a").saga.timers == {}


class Approved(SagaRecord):
    """A person says yes, or no."""

    by: str
    yes: bool = True


def waiting(on_timeout: OnTimeout) -> Driver:
    saga = new_saga()
    wait = wait_signal("approval", Approved, timeout_ms=1_000, on_timeout=on_timeout)
    saga.flow = seq(add_step(saga, "a"), wait, add_step(saga, "b"))
    return Driver(saga).start().done("a")


def test_a_signal_that_does_not_come_in_time_compensates() -> None:
    driver = waiting(OnTimeout.COMPENSATE).fire("signal/approval")
    assert driver.commands() == ["-a"]
    assert driver.saga.reason == "signal approval did not come in time"


def test_a_signal_that_does_not_come_in_time_may_be_passed_over() -> None:
    assert waiting(OnTimeout.CONTINUE).fire("signal/approval").commands() == ["b"]


def test_a_signal_that_does_not_come_in_time_may_ask_for_attention_and_come_then() -> None:
    driver = waiting(OnTimeout.ATTENTION).fire("signal/approval")
    assert driver.status is Status.NEEDS_ATTENTION
    driver.command(CommandKind.SIGNAL, step="approval", payload=b'{"by": "ada"}')
    assert driver.commands() == []
    assert driver.command(CommandKind.RESUME).commands() == ["b"]
