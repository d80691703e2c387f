"""A tenant's credits as a pure function: `(account, reservation, operation, amount) -> decision`.

Whatever is decided, what was granted is what is free, reserved and charged together.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from sagas.participants.ledger_request import MAX_CREDITS, Operation
from schemas.outcome import Code, Failed


class Rejection(StrEnum):
    """Why a ledger refuses; nothing was done."""

    INSUFFICIENT_CREDIT = "INSUFFICIENT_CREDIT"
    RESERVATION_EXISTS = "RESERVATION_EXISTS"
    RESERVATION_UNKNOWN = "RESERVATION_UNKNOWN"
    RESERVATION_RELEASED = "RESERVATION_RELEASED"
    RESERVATION_CHARGED = "RESERVATION_CHARGED"


class Status(StrEnum):
    """What became of a reservation. A release that came before its reserve leaves a RELEASED one of no credits."""

    RESERVED = "RESERVED"
    CHARGED = "CHARGED"
    RELEASED = "RELEASED"


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant's credits."""

    granted: int = 0
    free: int = 0
    reserved: int = 0
    charged: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether no credit was lost or made, and none is owed."""
        parts = (self.free, self.reserved, self.charged)
        return min(parts) >= 0 and self.granted == sum(parts)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Credits set aside under a name."""

    status: Status
    amount: int


@dataclass(frozen=True, slots=True)
class Decision:
    """How things are after an operation; `effect` says whether it moved any credits."""

    account: Account
    reservation: Reservation | None
    effect: bool = True


def decide(
    account: Account, reservation: Reservation | None, operation: Operation, amount: int, name: str = ""
) -> Decision | Failed:
    """What an operation leads to; `reservation` is the one of that name, if it was ever heard of."""
    match operation:
        case Operation.GRANT:
            return grant(account, amount)
        case Operation.RESERVE:
            return reserve(account, reservation, amount, name)
        case Operation.CHARGE:
            return charge(account, reservation, name)
        case Operation.RELEASE:
            return release(account, reservation, name)


def grant(account: Account, amount: int) -> Decision | Failed:
    """More free credits."""
    if account.granted + amount > MAX_CREDITS:
        most = f"{account.granted} credits were granted already, and {MAX_CREDITS} is the most that can be kept"
        return Failed(Code.INVALID_ARGUMENT, f"amount: {most}; found {amount}", details={"field": "amount"})
    return Decision(replace(account, granted=account.granted + amount, free=account.free + amount), None)


def reserve(account: Account, reservation: Reservation | None, amount: int, name: str) -> Decision | Failed:
    """Sets free credits aside; never more than there are."""
    if reservation is not None:
        return _refuse_again(reservation, name)
    if amount > account.free:
        lacking = f"{amount} credits are asked and {account.free} are free"
        details = {"asked": str(amount), "free": str(account.free)}
        return Failed(Rejection.INSUFFICIENT_CREDIT, f"{lacking}; grant more, or wait for a release", details=details)
    after = replace(account, free=account.free - amount, reserved=account.reserved + amount)
    return Decision(after, Reservation(Status.RESERVED, amount))


def charge(account: Account, reservation: Reservation | None, name: str) -> Decision | Failed:
    """Spends what was set aside."""
    if reservation is None:
        why = "was never made (or is long closed and forgotten); reserve first"
        return _refuse(Rejection.RESERVATION_UNKNOWN, name, why)
    if reservation.status is Status.RELEASED:
        return _refuse(Rejection.RESERVATION_RELEASED, name, "was released; reserve under a new name")
    if reservation.status is Status.CHARGED:
        return _refuse(Rejection.RESERVATION_CHARGED, name, "was charged already, by another request")
    amount = reservation.amount
    after = replace(account, reserved=account.reserved - amount, charged=account.charged + amount)
    return Decision(after, replace(reservation, status=Status.CHARGED))


def release(account: Account, reservation: Reservation | None, name: str) -> Decision | Failed:
    """Gives back what was set aside. One never seen is remembered, so that its late reserve is refused."""
    if reservation is None:
        return Decision(account, Reservation(Status.RELEASED, 0), effect=False)
    if reservation.status is Status.RELEASED:
        return Decision(account, reservation, effect=False)
    if reservation.status is Status.CHARGED:
        return _refuse(Rejection.RESERVATION_CHARGED, name, "was charged, and can't be given back")
    amount = reservation.amount
    after = replace(account, free=account.free + amount, reserved=account.reserved - amount)
    return Decision(after, replace(reservation, status=Status.RELEASED))


def _refuse_again(reservation: Reservation, name: str) -> Failed:
    match reservation.status:
        case Status.RESERVED:
            return _refuse(Rejection.RESERVATION_EXISTS, name, "was made by another request; take another name")
        case Status.CHARGED:
            return _refuse(Rejection.RESERVATION_CHARGED, name, "was made and charged already; take another name")
        case Status.RELEASED:
            return _refuse(Rejection.RESERVATION_RELEASED, name, "was released before this came; nothing was set aside")


def _refuse(why: Rejection, name: str, message: str) -> Failed:
    return Failed(why, f"reservation {name!r} {message}", details={"reservation": name})
