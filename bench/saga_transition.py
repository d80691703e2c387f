"""What one transition of a three-step saga costs, without Kafka: read its state, decide, write state and history."""

import time
from collections.abc import Mapping
from typing import Any

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.definition import Saga, Step
from sagas.effects import Send
from sagas.engine import react
from sagas.flow import seq
from sagas.inputs import Command, CommandKind, Input, Reply, ReplyStatus
from sagas.records import SagaRecord
from sagas.undo import Done, InDoubt
from sagas.wire.instance import decode_instance

RESULT = "sluicegate.echo.EchoResult"
PAYLOAD = b"x" * 200
clock = time.thread_time


class Order(SagaRecord):
    """Starts the saga, and is its data."""

    order: str
    steps: tuple[str, ...] = ()


def three_steps() -> Catalogue:
    """A saga of three steps that change its data and have compensations."""
    saga = Saga(name="order", version=1, start=Order, data=Order, saga_id=identity, initial=same)
    saga.flow = seq(*(_step(saga, name) for name in ("reserve", "pack", "send")))
    return Catalogue([compile_saga(saga)])


def identity(order: Order) -> str:
    """The saga's id."""
    return order.order


def same(order: Order) -> Order:
    """The first data is the start message."""
    return order


def transitions(count: int) -> list[float]:
    """Microseconds for each of the transitions of so many sagas, from the start to the end."""
    catalogue, found = three_steps(), list[float]()
    for number in range(count):
        saga_id = f"order-{number}"
        state: bytes | None = None
        given: Input | None = Command(CommandKind.START, "order", payload=b'{"order":"%b"}' % saga_id.encode())
        while given is not None:
            began = clock()
            instance = None if state is None else decode_instance(state)
            reaction = react(catalogue, instance, saga_id, given, 1_790_000_000_000)
            found.append((clock() - began) * 1e6)
            state = reaction.state
            sent = [effect for effect in reaction.effects if isinstance(effect, Send)]
            given = _reply(sent[0]) if sent else None
    return found


def _step(saga: Saga[Order, Order], name: str) -> Step[Order]:
    @saga.step(send="echo", name=name)
    def step(order: Order) -> Mapping[str, Any]:
        return {"payload": PAYLOAD}

    @step.on_reply
    def replied(order: Order, reply: Mapping[str, Any]) -> Order:
        return order.model_copy(update={"steps": (*order.steps, name)})

    @step.compensate(send="echo")
    def undo(order: Order, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
        return {"payload": PAYLOAD}

    return step


def _reply(sent: Send) -> Reply:
    output = {"request_id": sent.request_id, "status": "COMPLETED", "payload": b"done", "error": None}
    return Reply(sent.request_id, sent.attempt, ReplyStatus.DONE, RESULT, output=output)
