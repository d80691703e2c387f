"""Bases of the records that a saga is made of. Whatever they hold survives JSON, bytes included."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from schemas.records import MAX_REQUEST_ID

MAX_SAGA_ID = MAX_REQUEST_ID
# Frozen records refuse any other way.
_set = object.__setattr__


class SagaRecord(BaseModel):
    """A saga's data, the message that starts it, or a signal's. Frozen: a function returns a changed copy."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64"
    )

    def __copy__(self) -> Self:
        """As pydantic's, for a record without extras: each `model_copy` begins with it, and each reply with that."""
        if self.__pydantic_private__:
            return super().__copy__()
        made = self.__class__.__new__(self.__class__)
        _set(made, "__dict__", self.__dict__.copy())
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_fields_set__", self.__pydantic_fields_set__.copy())
        _set(made, "__pydantic_private__", self.__pydantic_private__)
        return made


class ReplyRecord(BaseModel):
    """What a step wants of its participant's result; the result's other fields are left out."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64"
    )
