"""How a saga is written down.

    saga = Saga(name="order", version=1, start=StartOrder, data=Order, saga_id=lambda start: start.order_id,
                initial=lambda start: Order(...))

    @saga.step(send="ledger", rejects=("OVERDRAFT",), reply=Reserved)
    def reserve(order: Order) -> dict[str, Any]:
        return {"tenant": order.tenant, ...}

    @reserve.on_reply
    def reserved(order: Order, reply: Reserved) -> Order: ...

    @reserve.compensate(send="ledger")
    def release(order: Order, outcome: Done[Reserved] | InDoubt) -> dict[str, Any]: ...

    saga.flow = seq(reserve, ...)

All functions are plain and pure: what they need comes in as arguments, and what they return is all that they do. A
command's function returns the fields of the lane's request but its `request_id`, which is the step's idempotency key.
In a loop, each function gets the item after the data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, TypeVar

from pydantic import BaseModel

from sagas.durations import days
from sagas.flow import Node
from sagas.policy import Deadline, Effect, Kind, OnDuplicate, Retry, Timeout
from sagas.records import ReplyRecord, SagaRecord

StartT = TypeVar("StartT", bound=SagaRecord)
DataT = TypeVar("DataT", bound=SagaRecord)
Fields = Mapping[str, Any] | BaseModel


@dataclass(frozen=True, slots=True)
class Asking:
    """A command and how its answer is awaited: of a step, or of its compensation.

    `send` is a lane: its request and result records are the command and the reply. `to` is another topic than the
    lane's. `key(data)` is the Kafka key; without one it is the step's idempotency key, for a compensation too,
    so that both reach one partition in order where they have one topic.
    """

    function: Callable[..., Fields]
    send: str
    to: str | None
    key: Callable[..., str] | None
    reply: type[ReplyRecord] | None
    rejects: tuple[str, ...]
    retry: Retry
    timeout: Timeout


class Step(Generic[DataT]):
    """A step of a saga, with what belongs to it beside it."""

    def __init__(self, name: str, asking: Asking, kind: Kind, effect: Effect, no_undo: str | None) -> None:
        self.name = name
        self.asking = asking
        self.kind = kind
        self.effect = effect
        self.no_undo = no_undo
        self.undo: Asking | None = None
        self.replied: Callable[..., Any] | None = None
        self.repeated: list[str] = []

    def on_reply(self, function: Callable[Concatenate[DataT, ...], DataT]) -> Callable[Concatenate[DataT, ...], DataT]:
        """What becomes of the data: `(data, reply) -> data`. It does not run once the saga compensates."""
        if self.replied is not None:
            self.repeated.append("on_reply")
        self.replied = function
        return function

    def compensate(
        self,
        *,
        send: str,
        to: str | None = None,
        key: Callable[Concatenate[DataT, ...], str] | None = None,
        retry: Retry | None = None,
        timeout: Timeout | None = None,
    ) -> Callable[[Callable[Concatenate[DataT, ...], Fields]], Callable[Concatenate[DataT, ...], Fields]]:
        """What undoes the step: `(data, outcome) -> fields`, where the outcome is Done(reply) or InDoubt().

        Both have the `key` of the step's command, for participants that undo by it.

        A participant is asked to undo what it may never have seen: it must answer that as done, and remember the key.
        """

        def keep(
            function: Callable[Concatenate[DataT, ...], Fields],
        ) -> Callable[Concatenate[DataT, ...], Fields]:
            if self.undo is not None:
                self.repeated.append("compensate")
            self.undo = Asking(
                function, send, to, key or self.asking.key, None, (), retry or Retry.forever(), timeout or Timeout()
            )
            return function

        return keep


class Saga(Generic[StartT, DataT]):
    """A definition in the making; `sagas.compile.compile_saga` checks it and makes it runnable.

    `saga_id(start)` is the saga's identity, and its key in Kafka; `initial(start)` its first data. Once it ended it is
    kept for `retain_ms` (None: for ever), to answer what comes late; then its id may be used again.
    """

    def __init__(
        self,
        *,
        name: str,
        version: int,
        start: type[StartT],
        data: type[DataT],
        saga_id: Callable[[StartT], str],
        initial: Callable[[StartT], DataT],
        deadline: Deadline | None = None,
        on_duplicate_start: OnDuplicate = OnDuplicate.RETURN_EXISTING,
        retain_ms: int | None = days(7),
    ) -> None:
        self.name = name
        self.version = version
        self.start = start
        self.data = data
        self.saga_id = saga_id
        self.initial = initial
        self.deadline = deadline
        self.on_duplicate_start = on_duplicate_start
        self.retain_ms = retain_ms
        self.flow: Node | None = None
        self.steps: list[Step[DataT]] = []

    def step(
        self,
        *,
        send: str,
        to: str | None = None,
        key: Callable[Concatenate[DataT, ...], str] | None = None,
        reply: type[ReplyRecord] | None = None,
        rejects: Sequence[str] = (),
        kind: Kind = Kind.COMPENSATABLE,
        effect: Effect = Effect.EXTERNAL,
        no_undo: str | None = None,
        retry: Retry | None = None,
        timeout: Timeout | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[Concatenate[DataT, ...], Fields]], Step[DataT]]:
        """A step whose command the decorated function makes: `(data) -> fields`. Its name is the function's.

        `rejects` are the error codes that say that nothing was done; `reply` what is wanted of the result; without it,
        all that the lane puts out, as a mapping. `no_undo` says why a step before the pivot needs no compensation.
        Without `retry`, a RETRIABLE step is repeated for ever and others five times.
        """

        def keep(function: Callable[Concatenate[DataT, ...], Fields]) -> Step[DataT]:
            policy = retry or (Retry.forever() if kind is Kind.RETRIABLE else Retry())
            asking = Asking(function, send, to, key, reply, tuple(rejects), policy, timeout or Timeout())
            made: Step[DataT] = Step(name or function.__name__, asking, kind, effect, no_undo)
            self.steps.append(made)
            return made

        return keep
