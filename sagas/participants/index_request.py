"""What an index is asked."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from sagas.participants.text import PLAIN, check_plain
from schemas.records import MAX_REQUEST_ID, RequestRecord
from schemas.tensor import Tensor

MAX_DOCUMENT_ID = 256
MAX_METADATA = 64
MAX_METADATA_NAME = 256


class Operation(StrEnum):
    """What to do with a document."""

    PUT = "PUT"
    DELETE = "DELETE"


class IndexRequest(RequestRecord):
    """Puts a document with its embedding, or deletes one; `undo_of` names the PUT that a DELETE undoes."""

    request_id: Annotated[str, Field(min_length=1, max_length=MAX_REQUEST_ID), PLAIN]
    operation: Annotated[Operation, Field(strict=False)]
    document_id: Annotated[str, Field(min_length=1, max_length=MAX_DOCUMENT_ID), PLAIN]
    text: Annotated[str, Field(validate_default=True), PLAIN] = ""
    metadata: dict[str, str] = Field(default_factory=dict, max_length=MAX_METADATA, validate_default=True)
    embedding: Annotated[Tensor | None, Field(validate_default=True)] = None
    undo_of: Annotated[str, Field(max_length=MAX_REQUEST_ID, validate_default=True), PLAIN] = ""

    @field_validator("text", "metadata")
    @classmethod
    def check_content(cls, value: object, info: ValidationInfo) -> object:
        """The content, which a DELETE has not; raises ValueError."""
        if value and info.data.get("operation") is Operation.DELETE:
            raise ValueError(f"DELETE takes no {info.field_name}")
        return value

    @field_validator("metadata")
    @classmethod
    def check_metadata(cls, metadata: dict[str, str]) -> dict[str, str]:
        """The metadata, if names and values can be kept; raises ValueError."""
        for name, value in metadata.items():
            if not 1 <= len(name) <= MAX_METADATA_NAME:
                raise ValueError(f"a name has 1 to {MAX_METADATA_NAME} characters, found {name[:40]!r}")
            check_plain(name)
            check_plain(value)
        return metadata

    @field_validator("embedding")
    @classmethod
    def check_embedding(cls, embedding: Tensor | None, info: ValidationInfo) -> Tensor | None:
        """The embedding, which every PUT has and no DELETE; raises ValueError."""
        operation = info.data.get("operation")
        if operation is Operation.PUT and embedding is None:
            raise ValueError("PUT needs an embedding")
        if operation is Operation.DELETE and embedding is not None:
            raise ValueError("DELETE takes no embedding")
        return embedding

    @field_validator("undo_of")
    @classmethod
    def check_undo_of(cls, undo_of: str, info: ValidationInfo) -> str:
        """The id of another request, for a DELETE; raises ValueError."""
        if undo_of and info.data.get("operation") is Operation.PUT:
            raise ValueError("PUT undoes nothing")
        if undo_of and undo_of == info.data.get("request_id"):
            raise ValueError("a request can't undo itself; name the PUT")
        return undo_of
