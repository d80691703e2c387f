"""The order of a saga's steps, as data that Python writes and JSON can hold but for its functions.

flow = seq(reserve, parallel(embed, classify), index, pivot(charge), publish)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Union

from sagas.policy import Join, OnTimeout
from sagas.records import SagaRecord


class Named(Protocol):
    """A step, as its definition gives it."""

    @property
    def name(self) -> str:
        """Its name, unique within its saga."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One step."""

    step: str


@dataclass(frozen=True, slots=True)
class Pivot:
    """The step after which the saga will complete."""

    step: str


@dataclass(frozen=True, slots=True)
class Seq:
    """One member after the other; undone in reverse."""

    members: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """All members at once. When one fails, those in flight are awaited before anything is undone, all at once.

    With Join.ANY the flow goes on with the first member that is done. The others are not called back: the pivot and the
    saga's end await them, and a saga that fails later undoes them too. It fails when no member is done, or when
    one that may have had an effect is left in doubt.
    """

    members: tuple["Node", ...]
    join: Join


@dataclass(frozen=True, slots=True)
class ForEach:
    """One step for every item, at most `max_in_flight` at once; the items are asked for once and recorded.

    `collect` names a field of the data that gets the replies, in the items' order.
    """

    items: Callable[..., Sequence[Any]]
    body: str
    max_items: int | None
    max_in_flight: int
    item: Any
    collect: str | None


@dataclass(frozen=True, slots=True)
class When:
    """One of two branches; the predicate is asked once and its answer recorded."""

    name: str
    predicate: Callable[..., bool]
    then: "Node"
    otherwise: Union["Node", None]


@dataclass(frozen=True, slots=True)
class WaitSignal:
    """Waits for a message from outside; the first counts, and it may come before it is waited for.

    `accept` False compensates; `on_signal` gives the changed data.
    """

    name: str
    message: type[SagaRecord]
    timeout_ms: int | None
    on_timeout: OnTimeout
    accept: Callable[..., bool] | None
    on_signal: Callable[..., Any] | None


Node = Run | Pivot | Seq | Parallel | ForEach | When | WaitSignal
Part = Node | Named


def as_node(part: Part) -> Node:
    """A part of a flow as a node: a step stands for running it."""
    return part if isinstance(part, Node) else Run(part.name)


def seq(*parts: Part) -> Seq:
    """One part after the other."""
    return Seq(tuple(as_node(part) for part in parts))


def parallel(*parts: Part, join: Join = Join.ALL) -> Parallel:
    """All parts at once; see `Parallel` for what Join.ANY means."""
    return Parallel(tuple(as_node(part) for part in parts), join)


def for_each(
    items: Callable[..., Sequence[Any]],
    body: Named,
    *,
    max_items: int | None = None,
    max_in_flight: int = 32,
    item: Any = None,
    collect: str | None = None,
) -> ForEach:
    """A step for each of `items(data)`: its functions get the item after the data.

    `max_items` is the bound, and must be given: a saga with more items compensates. `item` is the items' type, such as
    a SagaRecord or `tuple[int, str]`; without it they are what JSON makes of them.
    """
    return ForEach(items, body.name, max_items, max_in_flight, item, collect)


def when(predicate: Callable[..., bool], then: Part, otherwise: Part | None = None, *, name: str) -> When:
    """`then` if `predicate(data)`, else `otherwise`, which may be nothing."""
    return When(name, predicate, as_node(then), None if otherwise is None else as_node(otherwise))


def wait_signal(
    name: str,
    message: type[SagaRecord],
    *,
    timeout_ms: int | None,
    on_timeout: OnTimeout = OnTimeout.COMPENSATE,
    accept: Callable[..., bool] | None = None,
    on_signal: Callable[..., Any] | None = None,
) -> WaitSignal:
    """Waits for the signal `name`. `timeout_ms` None waits for ever.

    `accept(data, message)` False is a refusal, and compensates; `on_signal(data, message)` returns the changed data.
    """
    return WaitSignal(name, message, timeout_ms, on_timeout, accept, on_signal)


def pivot(step: Named) -> Pivot:
    """The step that decides: before it, failure undoes; after it, the saga goes on until it completes."""
    return Pivot(step.name)
