"""Base of the pydantic records that processors declare: what is checked before a request may run."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import InvalidArgument

MAX_REQUEST_ID = 256


class Record(BaseModel):
    """A part of a request: typed strictly, and without fields that its schema lacks."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class RequestRecord(Record):
    """A request; its subclass has the fields of the processor's request schema."""

    request_id: Annotated[str, Field(min_length=1, max_length=MAX_REQUEST_ID)]

    @classmethod
    def check(cls, record: Mapping[str, Any]) -> Self:
        """The record with its values checked; raises InvalidArgument that names the first wrong field."""
        try:
            return cls.model_validate(record)
        except ValidationError as error:
            field, message = first_problem(error)
            raise InvalidArgument(field, message) from error


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The path and the text of the first thing that pydantic found."""
    found = error.errors(include_url=False, include_context=False)[0]
    path = ""
    for part in found["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] != "value_error" and found["type"] != "missing":
        message = f"{message}; found {repr(found['input'])[:60]}"
    return path or "the record", message
