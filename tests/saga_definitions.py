"""Small definitions for tests, over the echo lane."""

from collections.abc import Mapping
from typing import Any

from sagas.definition import Saga, Step
from sagas.policy import Kind, Retry, Timeout
from sagas.records import SagaRecord
from sagas.undo import Done, InDoubt

RETRY = Retry(max_attempts=3, initial_ms=100, factor=2.0, max_interval_ms=1_000, jitter=0.0)
TIMEOUT = Timeout(queue_ms=2_000, run_ms=1_000)


class Start(SagaRecord):
    """Starts an order."""

    order: str
    items: tuple[str, ...] = ()
    big: bool = False


class Order(SagaRecord):
    """What is known of an order."""

    order: str
    items: tuple[str, ...] = ()
    big: bool = False
    log: tuple[str, ...] = ()
    results: tuple[dict[str, Any], ...] = ()

    def with_log(self, *entries: str) -> "Order":
        """A copy that knows more."""
        return self.model_copy(update={"log": (*self.log, *entries)})


def new_saga(**settings: Any) -> Saga[Start, Order]:
    """A saga without steps."""
    given: dict[str, Any] = {
        "name": "order",
        "version": 1,
        "start": Start,
        "data": Order,
        "saga_id": lambda start: start.order,
        "initial": lambda start: Order(order=start.order, items=start.items, big=start.big),
    }
    return Saga(**{**given, **settings})


def add_step(saga: Saga[Start, Order], name: str, kind: Kind = Kind.COMPENSATABLE, **settings: Any) -> Step[Order]:
    """A step that logs its name, and whose undo says what it was told."""
    given: dict[str, Any] = {"retry": RETRY, "timeout": TIMEOUT, "send": "echo"}
    if kind is not Kind.RETRIABLE:
        given["rejects"] = ("NO",)
    undo_retry = settings.pop("undo_retry", RETRY)

    @saga.step(name=name, kind=kind, **{**given, **settings})
    def step(order: Order) -> Mapping[str, Any]:
        return {"payload": name.encode()}

    @step.on_reply
    def replied(order: Order, reply: Mapping[str, Any]) -> Order:
        return order.with_log(f"{name}={reply['payload'].decode()}")

    if kind is Kind.COMPENSATABLE and "no_undo" not in settings:

        @step.compensate(send="echo", retry=undo_retry, timeout=TIMEOUT)
        def undo(order: Order, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
            return {"payload": outcome.reply["payload"] if isinstance(outcome, Done) else b"in doubt"}

    return step


def add_item_step(saga: Saga[Start, Order], name: str, kind: Kind = Kind.READ_ONLY, **settings: Any) -> Step[Order]:
    """A loop's step."""
    given: dict[str, Any] = {"retry": RETRY, "timeout": TIMEOUT, "send": "echo"}
    if kind is not Kind.RETRIABLE:
        given["rejects"] = ("NO",)
    logs = settings.pop("logs", True)

    @saga.step(name=name, kind=kind, **{**given, **settings})
    def step(order: Order, item: str) -> Mapping[str, Any]:
        return {"payload": item.encode()}

    if logs:

        @step.on_reply
        def replied(order: Order, item: str, reply: Mapping[str, Any]) -> Order:
            return order.with_log(item)

    if kind is Kind.COMPENSATABLE:

        @step.compensate(send="echo", retry=RETRY, timeout=TIMEOUT)
        def undo(order: Order, item: str, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
            return {"payload": f"undo {item}".encode()}

    return step
