"""Bases of the records that a saga is made of. Whatever they hold survives JSON, bytes included."""

from pydantic import BaseModel, ConfigDict

from schemas.records import MAX_REQUEST_ID

MAX_SAGA_ID = MAX_REQUEST_ID


class SagaRecord(BaseModel):
    """A saga's data, the message that starts it, or a signal's. Frozen: a function returns a changed copy."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64"
    )


class ReplyRecord(BaseModel):
    """What a step wants of its participant's result; the result's other fields are left out."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64"
    )
