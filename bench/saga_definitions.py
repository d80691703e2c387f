"""The sagas that the benchmarks run, over the echo lane."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.definition import Saga
from sagas.durations import days, seconds
from sagas.flow import seq, wait_signal
from sagas.records import ReplyRecord, SagaRecord
from sagas.undo import Done, InDoubt

THREE, BRIEF, WAITING = "three-echoes", "brief-echoes", "waiting"
"""Three steps; the same, forgotten as soon as it ended; one that waits for a signal that nobody sends."""
BODY = b"x" * 200


class Begin(SagaRecord):
    """Starts a saga."""

    name: str


class Order(SagaRecord):
    """A saga's data: which steps were answered."""

    name: str
    done: tuple[str, ...] = ()


class Echo(ReplyRecord):
    """What a step wants of an echo's result."""

    payload: bytes


def identity(begin: Begin) -> str:
    """The saga's id."""
    return begin.name


def first(begin: Begin) -> Order:
    """The first data."""
    return Order(name=begin.name)


def three_echoes(name: str, retain_ms: int) -> Saga[Begin, Order]:
    """Three steps, each with a reply that changes the data and a compensation."""
    saga = Saga(name=name, version=1, start=Begin, data=Order, saga_id=identity, initial=first, retain_ms=retain_ms)
    steps = []
    for number in range(3):

        @saga.step(send="echo", reply=Echo, name=f"step-{number}")
        def step(order: Order) -> Mapping[str, Any]:
            return {"payload": BODY}

        @step.on_reply
        def heard(order: Order, reply: Echo) -> Order:
            return order.model_copy(update={"done": (*order.done, "done")})

        @step.compensate(send="echo")
        def undo(order: Order, outcome: Done[Echo] | InDoubt) -> Mapping[str, Any]:
            return {"payload": BODY}

        steps.append(step)
    saga.flow = seq(*steps)
    return saga


def waiting() -> Saga[Begin, Order]:
    """Waits for a signal, a week long."""
    saga = Saga(name=WAITING, version=1, start=Begin, data=Order, saga_id=identity, initial=first)

    @saga.step(send="echo", reply=Echo)
    def after(order: Order) -> Mapping[str, Any]:
        return {"payload": BODY}

    @after.compensate(send="echo")
    def undo(order: Order, outcome: Done[Echo] | InDoubt) -> Mapping[str, Any]:
        return {"payload": BODY}

    saga.flow = seq(wait_signal("go", Begin, timeout_ms=days(7)), after)
    return saga


@cache
def catalogue() -> Catalogue:
    """All of them."""
    sagas = (three_echoes(THREE, days(7)), three_echoes(BRIEF, seconds(1)), waiting())
    return Catalogue(compile_saga(saga) for saga in sagas)
