"""A definition's hash: the same in every process, another one for every change of what it does."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.fingerprint import CATALOGUE, fingerprint, is_of, package_of
from sagas.flow import seq
from sagas.policy import Kind, Retry
from sagas.records import SagaRecord
from sagas.undo import Done
from tests.saga_definitions import Order, Start, add_step, new_saga

RATE = 2
PROGRAM = """
from tests.unit.sagas.test_fingerprint import definition
print(definition().hash)
"""


def price(order: Order) -> int:
    return RATE


def definition(**settings: Any) -> Compiled:
    saga = new_saga(**settings)

    @saga.step(send="echo", kind=Kind.READ_ONLY)
    def a(order: Order) -> Mapping[str, Any]:
        return {"payload": b"x" if order.order in {"one", "two", "three"} else bytes(price(order))}

    saga.flow = seq(a)
    return compile_saga(saga)


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_it_is_the_same_in_every_process(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == definition().hash


def test_it_is_the_same_for_the_same_code_written_twice() -> None:
    def first(order: Order) -> int:
        return len(order.items)

    def again(order: Order) -> int:
        """Counts."""
        return len(order.items)  # a comment

    again.__name__ = "first"
    assert fingerprint(first) == fingerprint(again)


ADDED = 1


def closing(over: int) -> Callable[..., Any]:
    return lambda order: over


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda order: 1, lambda order: 2),
        (lambda order: 1, lambda order: 1.0),
        (lambda order: order.a, lambda order: order.b),
        (lambda order: order + 1, lambda order: order - 1),
        (lambda order: [item + 2 for item in order], lambda order: [item + 1 for item in order]),
        (lambda order: RATE, lambda order: ADDED),
        (lambda order: order in {1, 2}, lambda order: order in {1, 3}),
        (lambda order, item=1: item, lambda order, item=2: item),
        (lambda order, *, item=1: item, lambda order, *, item=2: item),
        (closing(1), closing(2)),
        (lambda order: Order, lambda order: Start),
        (lambda order: Kind.PIVOT, lambda order: Kind.RETRIABLE),
    ],
)
def test_other_code_has_another_hash(one: Callable[..., Any], other: Callable[..., Any]) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_a_change_of_what_a_function_calls_changes_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before = definition().hash
    monkeypatch.setitem(globals(), "RATE", 3)
    assert definition().hash != before


def test_a_change_of_a_class_that_a_function_names_changes_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept(SagaRecord):
        amount: int = 1

        def doubled(self) -> int:
            return self.amount * 2

    def function(order: Order) -> int:
        return Kept().doubled()

    before = fingerprint(function)
    monkeypatch.setattr(Kept, "doubled", lambda self: self.amount * 3)
    assert fingerprint(function) != before


def test_functions_that_call_each_other_have_a_hash() -> None:
    def even(count: int) -> bool:
        return count == 0 or odd(count - 1)

    def odd(count: int) -> bool:
        return count != 0 and even(count - 1)

    assert len(fingerprint(even)) == 32


@pytest.mark.parametrize(
    "settings", [{"version": 2}, {"name": "other"}, {"retain_ms": 5}, {"initial": lambda start: Order(order="x")}]
)
def test_any_setting_changes_the_hash(settings: dict[str, Any]) -> None:
    assert definition(**settings).hash != definition().hash


def test_a_policy_of_a_step_changes_the_hash() -> None:
    hashes = set()
    for retry in (Retry(), Retry(max_attempts=4), Retry(jitter=0.1)):
        saga = new_saga()
        saga.flow = seq(add_step(saga, "a", retry=retry))
        hashes.add(compile_saga(saga).hash)
    assert len(hashes) == 3


def test_the_engine_s_own_code_is_not_part_of_a_definition_of_the_catalogue() -> None:
    def function(order: Order) -> bool:
        return isinstance(order, Done)

    function.__module__ = f"{CATALOGUE}.order.v1"
    before = package_of(function)
    assert before == CATALOGUE
    assert not is_of(Done, before)
    assert is_of(function, before)
    assert package_of(price) == "tests"
    assert not is_of(function, "sagas.definition")
