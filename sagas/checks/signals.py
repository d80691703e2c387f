"""Signals: a wait must be able to end."""

from collections.abc import Iterator
from typing import Any

from sagas.definition import Saga
from sagas.errors import DefinitionError
from sagas.flow import WaitSignal
from sagas.nodes import walk
from sagas.policy import OnTimeout


def time_out_that_can_come(saga: Saga[Any, Any]) -> Iterator[DefinitionError]:
    """Without a time-out, nothing can follow from one."""
    assert saga.flow is not None
    for node in walk(saga.flow):
        if isinstance(node, WaitSignal) and node.timeout_ms is None and node.on_timeout is not OnTimeout.COMPENSATE:
            fault = f"it is to {node.on_timeout} after a time-out that it does not have"
            yield DefinitionError(saga.name, node.name, fault, "set timeout_ms, or leave on_timeout out")


SIGNALS = (time_out_that_can_come,)
