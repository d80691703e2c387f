"""Requests that are ready to be sent: shaped, checked and encoded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.errors import Unwritable
from schemas.fit import Misfit
from schemas.records import first_problem
from streams.client.requests import identified, key_bytes
from streams.client.shaping import Shaper, plain
from streams.client.show import dumps

Encode = Callable[[Mapping[str, Any]], bytes]


class WrongRecord(ValueError):
    """A record that the processor would refuse; `field` is the path of what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Draft:
    """What goes to the producer, and the id to find it by."""

    request_id: str
    key: bytes
    value: bytes


class Drafter:
    """Makes drafts for one processor: by its schema, its request model, its encoding.

    `key_field` names the field that becomes the key; without one the key is the request id.
    """

    def __init__(self, shaper: Shaper, model: type[BaseModel], encode: Encode, key_field: str | None = None) -> None:
        self._shaper = shaper
        self._model = model
        self._encode = encode
        self._key_field = key_field

    def draft(self, value: Mapping[str, Any]) -> Draft:
        """The request for a JSON object, with an id of its own if it has none. Raises WrongRecord."""
        loose = identified(value)
        try:
            record = self._shaper.record(loose)
            self._model.model_validate(record)
            encoded = self._encode(record)
        except Misfit as misfit:
            raise WrongRecord(misfit.path, misfit.message) from None
        except ValidationError as error:
            raise WrongRecord(*first_problem(error)) from None
        except Unwritable as error:
            raise WrongRecord(error.field, error.message) from None
        request_id = record["request_id"]
        return Draft(request_id, key_bytes(self._key(record), request_id), encoded)

    def _key(self, record: Mapping[str, Any]) -> str | bytes | None:
        if self._key_field is None:
            return None
        if self._key_field not in record:
            raise WrongRecord(self._key_field, f"there is no such field to be the key; there are: {', '.join(record)}")
        value = record[self._key_field]
        return value if isinstance(value, str | bytes) else str(value)


def as_json(record: Mapping[str, Any]) -> bytes:
    """A record as the JSON that workers take: bytes as base64."""
    return dumps(plain(record)).encode()
