"""Requests as JSON, for those who have only plain tools, against the same schema.

An object with the schema's field names: text, numbers, true, false and null as in JSON; `bytes` as base64 text; an
enum as its symbol; a nullable field as its value or null. A field that the schema lacks is refused, so that a
misspelt one is not ignored.
"""

import json
from typing import Any

from schemas.avro_schema import AvroSchema
from schemas.errors import InvalidArgument, Unreadable
from schemas.fit import Fit, Misfit
from schemas.shown import shown


class JsonReader:
    """Reads JSON objects as records of one schema."""

    def __init__(self, schema: AvroSchema) -> None:
        self._name = schema.name
        self._fit = Fit(schema.parsed, json=True)

    def read(self, value: bytes | None) -> dict[str, Any]:
        """The record; raises Unreadable when there is no request to answer, InvalidArgument for a wrong field."""
        found = self._object(value)
        request_id = found.get("request_id")
        if not isinstance(request_id, str) or not _is_text(request_id):
            raise Unreadable(f"the JSON object has no text as its request_id, found {shown(request_id)}")
        try:
            record: dict[str, Any] = self._fit.fit(found)
        except Misfit as misfit:
            raise InvalidArgument(misfit.path, misfit.message, request_id=request_id) from misfit
        return record

    def _object(self, value: bytes | None) -> dict[str, Any]:
        if value is None:
            raise Unreadable("a tombstone: the record has no value, and a request needs one")
        try:
            found = json.loads(value, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"not JSON, as its content-type says: {type(error).__name__}: {error}") from error
        if not isinstance(found, dict):
            raise Unreadable(f"a JSON object with the fields of {self._name} is expected, found {type(found).__name__}")
        return found


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")
