"""Every error that the project raises on purpose.

SluicegateError
├── Unreadable            bytes that can't become a record: a dead letter
├── Unwritable            a record that does not fit its schema: a fault of ours, or of a processor
├── InvalidArgument       a readable request with a wrong value: answered FAILED
├── SchemaPending         the schema is not cached yet: ask the registry, then decode again
├── SchemaUnsafe          a schema that could harm its readers
├── SchemaNotFound        the registry does not have what the worker needs
├── SchemaIncompatible    the registry refuses a schema
├── RegistryUnavailable   no definite answer from the registry: try again later
└── Misconfigured         settings that can't work
"""

from typing import TYPE_CHECKING

from schemas.outcome import Code

if TYPE_CHECKING:
    from schemas.envelope import Envelope


class SluicegateError(Exception):
    """The root; its text says the cause, the offending value and the cure."""


class Unreadable(SluicegateError):
    """Bytes that can't become a record, now or later; `stage` is Kafka Connect's word for where it failed."""

    def __init__(self, reason: str, stage: str = "VALUE_CONVERTER") -> None:
        super().__init__(reason)
        self.reason = reason
        self.stage = stage


class Unwritable(SluicegateError):
    """A record that does not fit the schema it should be written with; `field` is the path to the value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class InvalidArgument(SluicegateError):
    """A request that could be read, with a value that can't be used; the answer is FAILED with `code`.

    `request_id` and `envelope` are what could be read before, where the caller does not have them itself.
    """

    def __init__(
        self,
        field: str,
        message: str,
        *,
        code: Code = Code.INVALID_ARGUMENT,
        request_id: str | None = None,
        envelope: "Envelope | None" = None,
    ) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.code = code
        self.request_id = request_id
        self.envelope = envelope


class SchemaPending(SluicegateError):
    """A schema id that nobody asked the registry for yet (or not lately)."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"schema id {schema_id} is not cached; fetch it from the registry and decode again")
        self.schema_id = schema_id


class SchemaUnsafe(SluicegateError):
    """A schema with which a small message could exhaust memory or crash the process."""


class SchemaNotFound(SluicegateError):
    """The registry answered, and does not have the schema."""


class SchemaIncompatible(SluicegateError):
    """The registry answered, and refuses the schema under this subject's compatibility."""


class RegistryUnavailable(SluicegateError):
    """The registry is down, slow, or answers something that settles nothing; no verdict about any record."""


class Misconfigured(SluicegateError):
    """Settings that can't work, found before anything was sent."""
