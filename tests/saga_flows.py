"""Small sagas to explore, and random ones: their steps change no data, so that the order of events leaves no trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sagas.compile import compile_saga
from sagas.compiled import Compiled
from sagas.definition import Saga, Step
from sagas.flow import Part, for_each, parallel, pivot, seq, wait_signal, when
from sagas.policy import Deadline, Join, Kind, OnDeadline, OnTimeout, Retry
from sagas.records import SagaRecord
from sagas.undo import Done, InDoubt
from tests.saga_definitions import TIMEOUT, Order, Start, new_saga

START = b'{"order": "one", "items": ["p", "q"], "big": true}'
OUTPUT = {"payload": b"answer"}


class Approved(SagaRecord):
    """A yes, or a no."""

    yes: bool = True


def step(
    saga: Saga[Start, Order], name: str, kind: Kind = Kind.COMPENSATABLE, *, attempts: int = 1, undo: int = 1
) -> Step[Order]:
    """A step that changes nothing; `undo` attempts at undoing it park the saga."""
    forever = Retry.forever(100, attention_after=attempts, jitter=0.0)
    retry = forever if kind is Kind.RETRIABLE else Retry(attempts, 100, jitter=0.0)
    rejects = () if kind is Kind.RETRIABLE else ("NO",)

    @saga.step(name=name, kind=kind, send="echo", rejects=rejects, retry=retry, timeout=TIMEOUT)
    def made(order: Order) -> Mapping[str, Any]:
        return {"payload": b"do"}

    if kind is Kind.COMPENSATABLE:
        patience = Retry.forever(100, attention_after=undo, jitter=0.0)

        @made.compensate(send="echo", retry=patience, timeout=TIMEOUT)
        def undone(order: Order, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
            return {"payload": b"undo"}

    return made


def item_step(
    saga: Saga[Start, Order], name: str, kind: Kind = Kind.COMPENSATABLE, *, attempts: int = 1, undo: int = 1
) -> Step[Order]:
    """A loop's step that changes nothing."""

    @saga.step(
        name=name, kind=kind, send="echo", rejects=("NO",), retry=Retry(attempts, 100, jitter=0.0), timeout=TIMEOUT
    )
    def made(order: Order, item: str) -> Mapping[str, Any]:
        return {"payload": item.encode()}

    if kind is Kind.COMPENSATABLE:
        patience = Retry.forever(100, attention_after=undo, jitter=0.0)

        @made.compensate(send="echo", retry=patience, timeout=TIMEOUT)
        def undone(order: Order, item: str, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
            return {"payload": item.encode()}

    return made


def small_saga(*, deadline: bool = False) -> Saga[Start, Order]:
    """One without steps, kept for ever."""
    return new_saga(retain_ms=None, deadline=Deadline(20_000) if deadline else None)


def sequence(count: int, **settings: Any) -> Compiled:
    """So many steps in a row."""
    saga = small_saga()
    saga.flow = seq(*(step(saga, "abcd"[place], **settings) for place in range(count)))
    return compile_saga(saga)


@dataclass
class Builder:
    """Draws a flow, and declares its steps on the way."""

    draw: st.DrawFn
    saga: Saga[Start, Order]
    count: int = 0

    def name(self) -> str:
        """Another name."""
        self.count += 1
        return f"s{self.count}"

    def step(self) -> Part:
        """A step that may be undone, or needs not be."""
        kind = self.draw(st.sampled_from([Kind.COMPENSATABLE, Kind.COMPENSATABLE, Kind.READ_ONLY]))
        attempts, undo = self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3))
        return step(self.saga, self.name(), kind, attempts=attempts, undo=undo)

    def loop(self) -> Part:
        """A loop, perhaps over more than its bound."""
        kind = self.draw(st.sampled_from([Kind.COMPENSATABLE, Kind.COMPENSATABLE, Kind.READ_ONLY]))
        body = item_step(self.saga, self.name(), kind, attempts=self.draw(st.integers(1, 2)))
        most, at_once = self.draw(st.sampled_from([1, 2, 2, 3])), self.draw(st.integers(1, 3))
        return for_each(lambda order: order.items, body, max_items=most, max_in_flight=at_once, item=str)

    def signal(self) -> Part:
        """A wait."""
        timeout_ms = self.draw(st.sampled_from([None, 5_000]))
        then = OnTimeout.COMPENSATE if timeout_ms is None else self.draw(st.sampled_from(list(OnTimeout)))
        accept = self.draw(st.sampled_from([None, lambda order, message: message.yes]))
        return wait_signal(self.name(), Approved, timeout_ms=timeout_ms, on_timeout=then, accept=accept)

    def part(self, depth: int) -> Part:
        """Any part of a flow before the pivot."""
        plain = ["step", "step", "step", "loop", "signal", "any"]
        kind = self.draw(st.sampled_from(plain + (["seq", "parallel", "when"] if depth > 0 else [])))
        if kind == "seq":
            return seq(*(self.part(depth - 1) for _ in range(self.draw(st.integers(1, 3)))))
        if kind == "parallel":
            return parallel(*(self.part(depth - 1) for _ in range(self.draw(st.integers(2, 3)))))
        if kind == "any":
            return parallel(self.step(), seq(self.step(), self.step()), join=Join.ANY)
        if kind == "when":
            taken, otherwise = self.draw(st.booleans()), self.draw(st.booleans())
            then, other = self.part(depth - 1), self.part(depth - 1) if otherwise else None
            return when(lambda order: order.big == taken, then, other, name=self.name())
        return {"step": self.step, "loop": self.loop, "signal": self.signal}[kind]()


@st.composite
def definitions(draw: st.DrawFn) -> Compiled:
    """A definition that compiles: parts of any kind, and perhaps a pivot with steps after it."""
    then = draw(st.sampled_from(list(OnDeadline)))
    deadline = draw(st.sampled_from([None, Deadline(20_000, then)]))
    saga = new_saga(deadline=deadline, retain_ms=draw(st.sampled_from([None, 60_000])))
    builder = Builder(draw, saga)
    parts = [builder.part(2) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        parts.append(pivot(step(saga, "pivot", Kind.PIVOT, attempts=draw(st.integers(1, 2)))))
        parts += [step(saga, f"after{place}", Kind.RETRIABLE, attempts=2) for place in range(draw(st.integers(0, 2)))]
    saga.flow = seq(*parts)
    return compile_saga(saga)
