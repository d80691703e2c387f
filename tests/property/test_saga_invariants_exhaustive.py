"""Everything that can happen to small sagas: all invariants hold in each world, and every schedule ends.

`EXPLORE=large pytest tests/property/test_saga_invariants_exhaustive.py` explores larger ones, for minutes.
"""

import logging
import os
from collections.abc import Callable
from typing import Any

import pytest

from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.explorer import Small, TooMany, explore
from sagas.flow import for_each, parallel, pivot, seq, wait_signal, when
from sagas.policy import Join, Kind, OnTimeout
from tests.saga_flows import OUTPUT, START, Approved, item_step, sequence, small_saga, step

ALONE: dict[str, Any] = {"cancels": False, "resumes": 0}
LEFT: dict[str, Any] = {"resumes": 0}
HELPED: dict[str, Any] = {"resumes": 1}


def both(attempts: int = 1) -> Compiled:
    """Two steps at once."""
    saga = small_saga()
    saga.flow = parallel(*(step(saga, name, attempts=attempts) for name in "ab"))
    return compile_saga(saga)


def either(more: bool = False) -> Compiled:
    """The first of two steps, and perhaps another after it."""
    saga = small_saga()
    group = parallel(step(saga, "a"), step(saga, "b"), join=Join.ANY)
    saga.flow = seq(group, step(saga, "c")) if more else group
    return compile_saga(saga)


def around_both() -> Compiled:
    """A step before two at once."""
    saga = small_saga()
    saga.flow = seq(step(saga, "a"), parallel(step(saga, "b"), step(saga, "c", Kind.READ_ONLY)))
    return compile_saga(saga)


def decided(attempts: int = 1) -> Compiled:
    """A step, the pivot, and one that must be done."""
    saga = small_saga()
    middle = pivot(step(saga, "b", Kind.PIVOT, attempts=attempts))
    saga.flow = seq(step(saga, "a"), middle, step(saga, "c", Kind.RETRIABLE, attempts=attempts))
    return compile_saga(saga)


def items() -> Compiled:
    """A loop over two items, one at a time, and a step after it."""
    saga = small_saga()
    body = item_step(saga, "a")
    saga.flow = seq(for_each(lambda order: order.items, body, max_items=2, max_in_flight=1, item=str), step(saga, "b"))
    return compile_saga(saga)


def asked(then: OnTimeout) -> Compiled:
    """A step, a person's word, and the branch that is taken."""
    saga = small_saga(deadline=True)
    wait = wait_signal("word", Approved, timeout_ms=5_000, on_timeout=then)
    branch = when(lambda order: order.big, step(saga, "b"), step(saga, "never"), name="big")
    saga.flow = seq(step(saga, "a"), wait, branch)
    return compile_saga(saga)


Case = tuple[Callable[[], Compiled], dict[str, Any], int]
CASES: dict[str, Case] = {
    "one step, two attempts": (lambda: sequence(1, attempts=2, undo=2), LEFT, 400),
    "one step, an operator": (lambda: sequence(1, attempts=2), HELPED, 400),
    "two steps, two attempts": (lambda: sequence(2, attempts=2), LEFT, 600),
    "three steps": (lambda: sequence(3), LEFT, 400),
    "four steps": (lambda: sequence(4), ALONE, 300),
    "two at once": (both, ALONE, 700),
    "one of two": (either, ALONE, 700),
    "a pivot": (decided, HELPED, 600),
    "a loop": (items, ALONE, 150),
    "a signal or attention": (lambda: asked(OnTimeout.ATTENTION), ALONE, 100),
    "a signal or undo": (lambda: asked(OnTimeout.COMPENSATE), LEFT, 200),
}
LARGE: dict[str, Case] = {
    "one step, two attempts of each, an operator": (lambda: sequence(1, attempts=2, undo=2), HELPED, 4_000),
    "two steps, two attempts of each": (lambda: sequence(2, attempts=2, undo=2), LEFT, 4_000),
    "three steps, two attempts": (lambda: sequence(3, attempts=2), ALONE, 1_000),
    "four steps, cancelled": (lambda: sequence(4), LEFT, 500),
    "two at once, cancelled": (both, LEFT, 2_000),
    "two at once, two attempts": (lambda: both(2), ALONE, 5_000),
    "one of two, and more": (lambda: either(more=True), ALONE, 2_000),
    "two at once after a step": (around_both, ALONE, 1_000),
    "a signal or attention, an operator": (lambda: asked(OnTimeout.ATTENTION), HELPED, 1_500),
    "a pivot, two attempts": (lambda: decided(2), LEFT, 1_000),
}
if os.environ.get("EXPLORE") == "large":
    CASES |= LARGE


def small(compiled: Compiled, settings: dict[str, Any]) -> Small:
    """What is explored."""
    return Small(compiled, START, OUTPUT, {"word": b"{}"} if compiled.signals else {}, **settings)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", CASES)
def test_every_invariant_holds_in_every_world(name: str) -> None:
    make, settings, least = CASES[name]
    explored = explore(small(make(), settings))
    logging.getLogger(__name__).info("%s: %s", name, explored)
    assert explored.states >= least, f"{explored}: something is not explored any more"
    assert explored.ends["COMPLETED"] > 0
    assert explored.ends["COMPENSATED"] > 0


def test_too_large_a_saga_is_refused() -> None:
    with pytest.raises(TooMany, match="more than 50 worlds"):
        explore(small(sequence(2), LEFT), most=50)
