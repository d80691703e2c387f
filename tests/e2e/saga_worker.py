"""A worker with the lane of sagas, run by tests: `saga_worker.py SLOT LANE...`; its sagas talk to echo lanes alone."""

import os
import sys
from dataclasses import replace
from typing import Any

from sagas.catalogue import Catalogue
from sagas.compile import compile_saga
from sagas.definition import Saga
from sagas.durations import seconds
from sagas.flow import seq, wait_signal
from sagas.policy import Kind, OnTimeout, Retry, Timeout
from sagas.records import ReplyRecord, SagaRecord
from streams.app import run_lanes
from streams.definition import LaneDefinition
from streams.lanes import find
from streams.sagas.lane import saga_lane
from streams.settings import Settings, load
from streams.slots import Slot

ANSWER = Timeout(queue_ms=seconds(30), run_ms=seconds(30))


class Begin(SagaRecord):
    """Starts a saga of this file; `answer_ms` is how long a step waits for its answer."""

    name: str
    text: str = "hello"


class Echoes(SagaRecord):
    """What came back so far."""

    text: str
    heard: tuple[str, ...] = ()


class Echo(ReplyRecord):
    """What a step wants of an echo's result."""

    payload: bytes


def identity(start: Begin) -> str:
    """The saga's id."""
    return start.name


def first(start: Begin) -> Echoes:
    """The first data."""
    return Echoes(text=start.text)


def heard(data: Echoes, reply: Echo) -> Echoes:
    """The data with one more echo."""
    return data.model_copy(update={"heard": (*data.heard, reply.payload.decode())})


def three_echoes() -> Saga[Begin, Echoes]:
    """Three steps, one after the other; the last is the pivot's follower."""
    saga = Saga(name="three-echoes", version=1, start=Begin, data=Echoes, saga_id=identity, initial=first)

    @saga.step(send="echo", reply=Echo, kind=Kind.READ_ONLY, timeout=ANSWER)
    def one(data: Echoes) -> dict[str, Any]:
        return {"payload": f"one {data.text}".encode()}

    @saga.step(send="echo", reply=Echo, kind=Kind.COMPENSATABLE, timeout=ANSWER)
    def two(data: Echoes) -> dict[str, Any]:
        return {"payload": f"two {data.text}".encode()}

    @saga.step(send="echo", reply=Echo, kind=Kind.READ_ONLY, timeout=ANSWER)
    def three(data: Echoes) -> dict[str, Any]:
        return {"payload": f"three {data.text}".encode()}

    for step in (one, two, three):
        step.on_reply(heard)

    @two.compensate(send="echo", timeout=ANSWER)
    def undo_two(data: Echoes, outcome: Any) -> dict[str, Any]:
        return {"payload": b"undo two"}

    saga.flow = seq(one, two, three)
    return saga


def waiting(name: str, timeout_ms: int) -> Saga[Begin, Echoes]:
    """A step, then a signal that somebody must send in time; without it the step is undone."""
    saga = Saga(name=name, version=1, start=Begin, data=Echoes, saga_id=identity, initial=first)

    @saga.step(send="echo", reply=Echo, timeout=ANSWER)
    def one(data: Echoes) -> dict[str, Any]:
        return {"payload": b"one"}

    @one.compensate(send="echo", timeout=ANSWER)
    def undo_one(data: Echoes, outcome: Any) -> dict[str, Any]:
        return {"payload": b"undo one"}

    saga.flow = seq(one, wait_signal("approval", Begin, timeout_ms=timeout_ms, on_timeout=OnTimeout.COMPENSATE))
    return saga


def hasty(name: str, attempts: int) -> Saga[Begin, Echoes]:
    """A step that gives its participant a second, so many times."""
    saga = Saga(name=name, version=1, start=Begin, data=Echoes, saga_id=identity, initial=first)

    @saga.step(
        send="echo",
        reply=Echo,
        kind=Kind.READ_ONLY,
        retry=Retry(max_attempts=attempts, initial_ms=100, jitter=0),
        timeout=Timeout(queue_ms=None, run_ms=seconds(1)),
    )
    def one(data: Echoes) -> dict[str, Any]:
        return {"payload": b"one"}

    saga.flow = seq(one)
    return saga


SAGAS = (
    three_echoes(),
    waiting("impatient", 1_000),
    waiting("patient", 600_000),
    hasty("hasty", 2),
    hasty("resigned", 1),
)
CATALOGUE = Catalogue(compile_saga(saga) for saga in SAGAS)


def definition(settings: Settings, lane: str) -> LaneDefinition:
    """A lane of the catalogue; that of sagas has those of this file."""
    if lane != "sagas":
        return find(lane).define(settings)
    return saga_lane(settings, changed() if "CHANGED_SAGA" in os.environ else CATALOGUE)


def changed() -> Catalogue:
    """A definition that was released, with other code under the same version."""
    saga = three_echoes()
    saga.steps[0].asking = replace(saga.steps[0].asking, function=lambda data: {"payload": b"another"})
    return Catalogue([compile_saga(saga)])


if __name__ == "__main__":
    chosen, (slot, *lanes) = load(), sys.argv[1:]
    sys.exit(run_lanes(chosen, [definition(chosen, lane) for lane in lanes], Slot(int(slot)), leave=False))
