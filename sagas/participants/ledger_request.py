"""What a ledger is asked."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from sagas.participants.text import PLAIN
from schemas.records import MAX_REQUEST_ID, RequestRecord

MAX_CREDITS = 2**53 - 1
"""The most that a tenant may ever be granted: the largest whole number that every JSON program reads exactly."""
MAX_NAME = 256


class Operation(StrEnum):
    """What to do with a tenant's credits."""

    GRANT = "GRANT"
    RESERVE = "RESERVE"
    CHARGE = "CHARGE"
    RELEASE = "RELEASE"


class LedgerRequest(RequestRecord):
    """An operation on a tenant's account; `amount` is in whole credits.

    GRANT takes an amount, RESERVE an amount and a new reservation's name, CHARGE and RELEASE the name alone.
    """

    # Names are kept with a zero character between them, so none may have one.
    request_id: Annotated[str, Field(min_length=1, max_length=MAX_REQUEST_ID), PLAIN]
    operation: Annotated[Operation, Field(strict=False)]
    tenant: Annotated[str, Field(min_length=1, max_length=MAX_NAME), PLAIN]
    amount: Annotated[int, Field(le=MAX_CREDITS, validate_default=True)] = 0
    reservation: Annotated[str, Field(max_length=MAX_NAME, validate_default=True), PLAIN] = ""

    @field_validator("amount")
    @classmethod
    def check_amount(cls, amount: int, info: ValidationInfo) -> int:
        """The amount, if the operation takes it; raises ValueError."""
        operation = info.data.get("operation")
        if operation in (Operation.GRANT, Operation.RESERVE) and amount < 1:
            raise ValueError(f"{operation} takes 1 credit or more, found {amount}")
        if operation in (Operation.CHARGE, Operation.RELEASE) and amount != 0:
            raise ValueError(f"{operation} takes no amount, the whole reservation is meant; found {amount}")
        return amount

    @field_validator("reservation")
    @classmethod
    def check_reservation(cls, reservation: str, info: ValidationInfo) -> str:
        """The name, if the operation takes it; raises ValueError."""
        operation = info.data.get("operation")
        if operation is Operation.GRANT and reservation:
            raise ValueError(f"GRANT takes no reservation, found {reservation[:40]!r}")
        if operation not in (None, Operation.GRANT) and not reservation:
            raise ValueError(f"{operation} needs the reservation's name")
        return reservation
