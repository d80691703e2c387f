"""A compensation is told the key of the step's own command, done or in doubt."""

from collections.abc import Mapping
from typing import Any

import pytest

from sagas.flow import seq
from sagas.undo import Done, InDoubt
from tests.saga_definitions import RETRY, TIMEOUT, Order, add_step, new_saga
from tests.saga_driver import Driver


@pytest.mark.parametrize("doubtful", [False, True])
def test_a_compensation_knows_the_key_that_it_undoes(doubtful: bool) -> None:
    saga = new_saga()

    @saga.step(send="echo", retry=RETRY, timeout=TIMEOUT)
    def first(order: Order) -> Mapping[str, Any]:
        return {"payload": b"do"}

    @first.compensate(send="echo", retry=RETRY, timeout=TIMEOUT)
    def undo(order: Order, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
        return {"payload": outcome.key.encode()}

    saga.flow = seq(first, add_step(saga, "second"))
    driver = Driver(saga).start()
    key = driver.last("first").request_id
    if doubtful:
        for _ in range(RETRY.max_attempts or 0):
            driver.fire("first/run")
            if "first/retry" in driver.saga.timers:
                driver.fire("first/retry")
    else:
        driver.done("first").reply("second", code="NO")
    undone = driver.last("first", undo=True)
    assert undone.record["payload"] == key.encode()
    assert undone.request_id != key
