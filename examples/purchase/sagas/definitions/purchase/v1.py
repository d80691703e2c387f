"""A purchase: credits are set aside, a person approves, and only then are they spent."""

from collections.abc import Mapping
from typing import Any

from sagas.definition import Saga
from sagas.durations import hours
from sagas.flow import pivot, seq, wait_signal
from sagas.policy import Effect, Kind
from sagas.records import SagaRecord
from sagas.undo import Done, InDoubt


class Order(SagaRecord):
    """Starts a purchase."""

    order: str
    buyer: str
    credits: int


class Purchase(SagaRecord):
    """What is known of it so far."""

    order: str
    buyer: str
    credits: int
    approved_by: str = ""


class Approval(SagaRecord):
    """A person's decision."""

    approved: bool
    by: str


def identity(order: Order) -> str:
    """The saga's id."""
    return order.order


def begun(order: Order) -> Purchase:
    """The first data."""
    return Purchase(order=order.order, buyer=order.buyer, credits=order.credits)


def buyer(purchase: Purchase) -> str:
    """The ledger wants its tenant as the key."""
    return purchase.buyer


saga = Saga(name="purchase", version=1, start=Order, data=Purchase, saga_id=identity, initial=begun)


@saga.step(send="ledger", key=buyer, rejects=("INSUFFICIENT_CREDIT", "RESERVATION_EXISTS"), effect=Effect.KAFKA)
def reserve(purchase: Purchase) -> Mapping[str, Any]:
    """Sets the credits aside."""
    return request(purchase, "RESERVE", purchase.credits)


@reserve.compensate(send="ledger")
def release(purchase: Purchase, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
    """Gives them back."""
    return request(purchase, "RELEASE")


@saga.step(send="ledger", key=buyer, rejects=("RESERVATION_RELEASED",), kind=Kind.PIVOT, effect=Effect.KAFKA)
def charge(purchase: Purchase) -> Mapping[str, Any]:
    """Spends them."""
    return request(purchase, "CHARGE")


def request(purchase: Purchase, operation: str, amount: int = 0) -> Mapping[str, Any]:
    """A request of the ledger, but for its id: that is the step's idempotency key."""
    return {"operation": operation, "tenant": purchase.buyer, "amount": amount, "reservation": purchase.order}


def is_approved(purchase: Purchase, approval: Approval) -> bool:
    """A refusal undoes what was done."""
    return approval.approved


def approved(purchase: Purchase, approval: Approval) -> Purchase:
    """Who it was."""
    return purchase.model_copy(update={"approved_by": approval.by})


saga.flow = seq(
    reserve,
    wait_signal("approval", Approval, timeout_ms=hours(24), accept=is_approved, on_signal=approved),
    pivot(charge),
)
