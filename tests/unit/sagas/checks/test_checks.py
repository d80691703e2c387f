"""What a definition may not be: each fault is found, and its error names the saga, the step and the cure."""

import datetime
import itertools
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from sagas.checks import CHECKS
from sagas.compile import compile_saga
from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.flow import for_each, parallel, pivot, seq, wait_signal, when
from sagas.policy import Deadline, Join, Kind, OnTimeout, Retry, Timeout
from sagas.records import ReplyRecord, SagaRecord
from tests.saga_definitions import Order, Start, add_item_step, add_step, new_saga

Made = Saga[Start, Order]


class Approved(SagaRecord):
    """A yes."""


class Loose(BaseModel):
    """No record of a saga."""


class Opaque:
    """Something that JSON has no form for."""


class Unwritable(SagaRecord):
    """Data that can't be kept."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    what: Opaque


class Label(ReplyRecord):
    """A reply that the echo lane does not give."""

    label: int


def one(saga: Made, **settings: Any) -> Any:
    """A flow of one fine step, or one with these settings."""
    saga.flow = seq(add_step(saga, "a", **settings))
    return saga


def saga_named(name: str) -> Made:
    return one(new_saga(name=name))


def version(number: Any) -> Made:
    return one(new_saga(version=number))


def step_named(name: str) -> Made:
    saga = new_saga()
    saga.flow = seq(add_step(saga, name))
    return saga


def twice_the_name() -> Made:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), when(lambda order: order.big, add_step(saga, "b"), name="a"))
    return saga


def flow(make: Callable[[Made], Any]) -> Made:
    """A saga with what `make` builds as its flow."""
    saga = new_saga()
    saga.flow = make(saga)
    return saga


def no_flow() -> Made:
    saga = new_saga()
    add_step(saga, "a")
    return saga


def another_s_step() -> Made:
    other = add_step(new_saga(), "theirs")
    return flow(lambda saga: seq(add_step(saga, "a"), other))


def unused_step() -> Made:
    saga = flow(lambda saga: seq(add_step(saga, "a")))
    add_step(saga, "b")
    return saga


def step_twice() -> Made:
    saga = new_saga()
    step = add_step(saga, "a")
    saga.flow = seq(step, step)
    return saga


def any_of_a_branch() -> Made:
    return flow(
        lambda saga: parallel(
            add_step(saga, "a"), when(lambda order: order.big, add_step(saga, "b"), name="w"), join=Join.ANY
        )
    )


def reply_twice() -> Made:
    saga = new_saga()
    step = add_step(saga, "a")
    step.on_reply(lambda order, reply: order)
    saga.flow = seq(step)
    return saga


def short_reply() -> Made:
    saga = new_saga()
    step = saga.step(send="echo", name="a", kind=Kind.READ_ONLY)(lambda order: {})
    step.on_reply(lambda order: order)
    saga.flow = seq(step)
    return saga


def undo_twice() -> Made:
    saga = new_saga()
    step = add_step(saga, "a")
    step.compensate(send="echo")(lambda order, outcome: {"payload": b""})
    saga.flow = seq(step)
    return saga


def undone(kind: Kind) -> Made:
    saga = new_saga()
    step = add_step(saga, "a", kind)
    step.compensate(send="echo")(lambda order, outcome: {"payload": b""})
    saga.flow = seq(step)
    return saga


def after_pivot(kind: Kind, **settings: Any) -> Made:
    return flow(lambda saga: seq(pivot(add_step(saga, "p", Kind.PIVOT)), add_step(saga, "a", kind, **settings)))


def signal_after_pivot(**settings: Any) -> Made:
    return flow(lambda saga: seq(pivot(add_step(saga, "p", Kind.PIVOT)), wait_signal("a", Approved, **settings)))


def loop(**settings: Any) -> Made:
    return flow(lambda saga: for_each(lambda order: order.items, add_item_step(saga, "a"), **settings))


def half_a_pivot() -> Made:
    return flow(
        lambda saga: seq(
            when(lambda order: order.big, pivot(add_step(saga, "p", Kind.PIVOT)), name="w"), add_step(saga, "a")
        )
    )


def two_pivots() -> Made:
    return flow(lambda saga: seq(*(pivot(add_step(saga, name, Kind.PIVOT)) for name in "pa")))


def pivot_beside(**settings: Any) -> Made:
    return flow(lambda saga: parallel(add_step(saga, "b"), seq(pivot(add_step(saga, "a", Kind.PIVOT)))))


def command(function: Any, **settings: Any) -> Made:
    saga = new_saga()
    saga.flow = seq(saga.step(send="echo", name="a", kind=Kind.READ_ONLY, **settings)(function))
    return saga


def wait(**settings: Any) -> Made:
    return flow(lambda saga: wait_signal("a", **{"message": Approved, "timeout_ms": 5, **settings}))


async def awaited(order: Order) -> Mapping[str, Any]:
    return {}


def generated(order: Order) -> Iterator[int]:
    yield 1


class Called:
    """Something with no code of its own to hash."""

    def __call__(self, order: Order) -> Mapping[str, Any]:
        return {}


def helper(order: Order) -> float:
    return time.time()


def importing(order: Order) -> Any:
    import os

    return {"payload": os.urandom(1)}


def reads_a_file(order: Order) -> Any:
    with open("x") as file:  # noqa: PTH123  # a builtin is what the check looks for
        return {"payload": file.read()}


def prints(order: Order) -> Any:
    print(order)  # noqa: T201  # likewise


def reads_the_clock(order: Order) -> Any:
    return {"payload": str(datetime.datetime.now(datetime.UTC)).encode()}


def counts() -> Made:
    """Keeps something from call to call, which nothing in its code gives away."""
    numbers = itertools.count()
    return command(lambda order: {"payload": b"%d" % next(numbers)})


CASES: dict[str, tuple[Made, str, str]] = {
    "a saga's name": (saga_named("Order!"), "", "its name is not legal"),
    "a version": (version(0), "", "its version is 0"),
    "a version that is no number": (version(True), "", "its version is True"),
    "a step's name": (step_named("A"), "A", "its name is not legal"),
    "a timer's name": (step_named("deadline"), "deadline", "its name is that of a timer"),
    "two of one name": (twice_the_name(), "a", "2 steps, branches or signals have its name"),
    "no flow": (no_flow(), "", "it has no flow"),
    "an empty sequence": (flow(lambda saga: seq(add_step(saga, "a"), seq())), "", "a seq() is empty"),
    "a group of one": (flow(lambda saga: parallel(add_step(saga, "a"))), "", "a parallel() has 1 members (a)"),
    "another saga's step": (another_s_step(), "theirs", "no step of this saga"),
    "a step without a place": (unused_step(), "b", "it is not in the flow"),
    "a step in two places": (step_twice(), "a", "it is in the flow 2 times"),
    "a branch in any": (any_of_a_branch(), "b", "parallel(join=ANY), which takes steps and seq() of steps"),
    "a start that is no record": (one(new_saga(start=Loose)), "", "its start is 'Loose'"),
    "data that is no record": (one(new_saga(data=Loose)), "", "its data is 'Loose'"),
    "data that JSON has no form for": (one(new_saga(data=Unwritable)), "", "its data Unwritable can't be written"),
    "a message that is no record": (wait(message=Loose), "a", "its message is 'Loose'"),
    "a reply that is no record": (one(new_saga(), reply=Loose), "a", "its reply is 'Loose'"),
    "a reply that the lane does not give": (one(new_saga(), reply=Label), "a", "Label.label is no field of"),
    "an unknown lane": (one(new_saga(), send="odd"), "a", "'odd' has no request schema"),
    "an illegal topic": (one(new_saga(), to="a b"), "a", "no legal topic name"),
    "a collection without a place": (loop(max_items=3, collect="nowhere"), "a", "'nowhere', which Order lacks"),
    "no attempts": (one(new_saga(), retry=Retry(max_attempts=0)), "a", "its retry: max_attempts is 0"),
    "no attention": (one(new_saga(), retry=Retry(max_attempts=None)), "a", "goes on for ever, and nobody hears"),
    "attention after nothing": (one(new_saga(), retry=Retry(attention_after=0)), "a", "attention_after is 0"),
    "an undo without attention": (
        one(new_saga(), undo_retry=Retry(max_attempts=None)), "a", "its compensation's retry: it goes on for ever",
    ),
    "an interval": (one(new_saga(), retry=Retry(initial_ms=0)), "a", "its intervals are 0 and 60000 ms"),
    "intervals": (one(new_saga(), retry=Retry(initial_ms=9, max_interval_ms=8)), "a", "8 is less than initial_ms"),
    "a factor": (one(new_saga(), retry=Retry(factor=0.5)), "a", "factor is 0.5"),
    "a jitter": (one(new_saga(), retry=Retry(jitter=1.5)), "a", "jitter is 1.5"),
    "a time-out": (one(new_saga(), timeout=Timeout(5, 0)), "a", "its timeout: run_ms is 0"),
    "a queue's time-out": (one(new_saga(), timeout=Timeout(0, 5)), "a", "its timeout: queue_ms is 0"),
    "half a time-out": (one(new_saga(), timeout=Timeout(5, None)), "a", "it has a queue_ms and no run_ms"),
    "a deadline": (one(new_saga(deadline=Deadline(0))), "", "its deadline is 0 ms"),
    "a retention": (one(new_saga(retain_ms=-1)), "", "its retain_ms is -1"),
    "a signal's time-out": (wait(timeout_ms=0), "a", "its timeout_ms is 0"),
    "a follow-up of no time-out": (wait(timeout_ms=None, on_timeout=OnTimeout.CONTINUE), "a", "that it does not have"),
    "two replies": (reply_twice(), "a", "it has on_reply twice"),
    "two compensations": (undo_twice(), "a", "it has compensate twice"),
    "an undo of nothing": (undone(Kind.READ_ONLY), "a", "read-only and has a compensation, which could never run"),
    "a reason for nothing": (one(new_saga(), kind=Kind.READ_ONLY, no_undo="why"), "a", "needs no compensation, which"),
    "no compensation": (one(new_saga(), no_undo=" "), "a", "comes before the pivot and has no compensation"),
    "an unmarked pivot": (one(new_saga(), kind=Kind.PIVOT), "a", "it is a pivot that is not marked"),
    "a pivot of another kind": (flow(lambda saga: pivot(add_step(saga, "a"))), "a", "is the pivot and compensatable"),
    "a pivot in a loop": (
        flow(lambda saga: for_each(lambda order: [], add_item_step(saga, "a", Kind.PIVOT), max_items=1)),
        "a",
        "it is a pivot that is not marked",
    ),
    "a pivot beside others": (pivot_beside(), "a", "it is a pivot in a parallel()"),
    "two pivots": (two_pivots(), "a", "it is the second pivot on a path"),
    "half a pivot": (half_a_pivot(), "a", "a branch that has a pivot on one side only"),
    "an undo after the pivot": (after_pivot(Kind.COMPENSATABLE), "a", "it comes after the pivot and is compensatable"),
    "a reading after the pivot": (after_pivot(Kind.READ_ONLY), "a", "it comes after the pivot and is read-only"),
    "a retriable without a pivot": (one(new_saga(), kind=Kind.RETRIABLE), "a", "retriable and comes before any pivot"),
    "a retriable that may be refused": (after_pivot(Kind.RETRIABLE, rejects=("NO",)), "a", "may be rejected (NO)"),
    "a signal that may decline": (
        signal_after_pivot(timeout_ms=None, accept=lambda order, said: True), "a", "it may be declined after the pivot",
    ),
    "a signal that may compensate": (signal_after_pivot(timeout_ms=5), "a", "it compensates after the pivot"),
    "an endless loop": (loop(), "a", "its for_each has no bound"),
    "a loop that is too long": (loop(max_items=1_000_000), "a", "its max_items is 1000000"),
    "a loop that does nothing": (loop(max_items=1, max_in_flight=0), "a", "its max_in_flight is 0"),
    "items that JSON has no form for": (loop(max_items=1, item=Opaque), "a", "its items' type can't be written"),
    "an awaited function": (command(awaited), "a", "its command is asynchronous or a generator"),
    "a generator": (command(generated), "a", "its command is asynchronous or a generator"),
    "a callable object": (command(Called()), "a", "its command is Called, whose code has no hash"),
    "arguments": (command(lambda: {"payload": b""}), "a", "its command can't be called with (data)"),
    "arguments of a loop": (
        flow(lambda saga: for_each(lambda order: [], add_step(saga, "a", Kind.READ_ONLY), max_items=1)),
        "a",
        "can't be called with (data, item)",
    ),
    "arguments of a reply": (short_reply(), "a", "its on_reply can't be called with (data, reply)"),
    "the clock": (command(lambda order: {"payload": time.time()}), "a", "its command uses time"),
    "the calendar": (command(reads_the_clock), "a", "its command uses datetime.now"),
    "chance": (command(lambda order: {"payload": random.randbytes(1)}), "a", "its command uses random"),
    "a random id": (command(lambda order: {"payload": uuid.uuid4().bytes}), "a", "its command uses uuid.uuid4"),
    "the world": (command(reads_a_file), "a", "its command uses open()"),
    "a print": (command(prints), "a", "its command uses print()"),
    "what it imports": (command(importing), "a", "its command uses import os"),
    "what it calls": (command(lambda order: {"payload": helper(order)}), "a", "its command uses time"),
    "what another package does": (
        command(lambda order: {"payload": formatdate().encode()}), "a", "its command calls time.time",
    ),
    "another answer": (counts(), "a", "its command gives {\"payload\":"),
    "what a key uses": (
        command(lambda order: {}, key=lambda order: str(random.random())), "a", "its key uses random",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_fault_is_found_and_named(case: str) -> None:
    saga, step, fault = CASES[case]
    with pytest.raises(DefinitionError) as raised:
        compile_saga(saga)
    error = raised.value
    assert (error.step, fault in error.fault) == (step, True), str(error)
    assert error.cure
    assert str(error).startswith(f"saga {saga.name!r}")


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize("case", sorted(CASES))
def test_the_fault_is_found_by_its_guard_alone(case: str) -> None:
    saga, step, fault = CASES[case]
    finders = [check.__name__ for check in CHECKS if _finds(check, saga, step, fault)]
    assert len(finders) == 1, finders


def _finds(check: Callable[[Any], Iterator[DefinitionError]], saga: Made, step: str, fault: str) -> bool:
    try:
        return any(error.step == step and fault in error.fault for error in check(saga))
    except Exception:  # a check may rely on those before it
        return False


@pytest.mark.filterwarnings("ignore:coroutine")
def test_each_check_has_a_case() -> None:
    found = set()
    for saga, step, fault in CASES.values():
        found |= {check.__name__ for check in CHECKS if _finds(check, saga, step, fault)}
    assert {check.__name__ for check in CHECKS} - found == set()


def test_pure_functions_pass() -> None:
    def uses_much(order: Order) -> Mapping[str, Any]:
        stamp = datetime.datetime.fromtimestamp(0, datetime.UTC).isoformat()
        return {"payload": f"{stamp}{uuid.UUID(int=1)}{sorted(order.items)}".encode()}

    assert compile_saga(command(uses_much)).name == "order"


def test_a_flow_with_everything_passes() -> None:
    saga = new_saga(deadline=Deadline(60_000))
    branch = when(lambda order: order.big, add_step(saga, "b"), add_step(saga, "c"), name="w")
    each = for_each(lambda order: order.items, add_item_step(saga, "each"), max_items=5, collect="results", item=str)
    anyone = parallel(add_step(saga, "d"), seq(add_step(saga, "e"), add_step(saga, "f")), join=Join.ANY)
    saga.flow = seq(
        add_step(saga, "a"),
        parallel(branch, each),
        anyone,
        wait_signal("s", Approved, timeout_ms=5),
        pivot(add_step(saga, "p", Kind.PIVOT)),
        wait_signal("t", Approved, timeout_ms=5, on_timeout=OnTimeout.ATTENTION),
        add_step(saga, "r", Kind.RETRIABLE),
    )
    assert set(compile_saga(saga).signals) == {"s", "t"}


def test_a_pivot_on_each_side_of_a_branch_passes() -> None:
    saga = new_saga()
    sides = (pivot(add_step(saga, name, Kind.PIVOT)) for name in ("p", "q"))
    saga.flow = seq(when(lambda order: order.big, *sides, name="w"), add_step(saga, "r", Kind.RETRIABLE))
    assert compile_saga(saga).flow is saga.flow
