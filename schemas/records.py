"""Base of the pydantic records that processors declare: what is checked before a request may run."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import SchemaValidator

from schemas.errors import InvalidArgument
from schemas.shown import shown

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


def checker(model: type[BaseModel]) -> Callable[[Mapping[str, Any]], object]:
    """A function that checks a record's values as the model does, and raises pydantic's ValidationError.

    A model with fields alone is not made: checking without it takes half the time. What it returns is of no use.
    """
    schema: Any = model.__pydantic_core_schema__
    fields = schema.get("schema", {}) if schema["type"] == "model" else {}
    plain = fields.get("type") == "model-fields" and not schema.get("custom_init") and not schema.get("post_init")
    if not plain:
        return model.__pydantic_validator__.validate_python
    return SchemaValidator(fields, schema.get("config")).validate_python


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The path and the text of the first thing that pydantic found."""
    found = error.errors(include_url=False, include_context=False)[0]
    path = ""
    for part in found["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] != "value_error" and found["type"] != "missing":
        message = f"{message}; found {shown(found['input'])}"
    return path or "the record", message
