"""The schema registry as the rest of the project sees it: verdicts about schema ids, kept, and a few slow questions.

`cached` is for the hot path and never blocks. Everything else asks the registry, blocks up to its time-out, and
raises RegistryUnavailable when the answer settles nothing.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from schemas.avro_schema import AvroSchema
from schemas.errors import RegistryUnavailable, SchemaPending, SchemaUnsafe, Unreadable

MAX_SCHEMAS = 1_000
MAX_TEXT = 8 * 1_048_576
"""So many characters of schemas are kept: parsed, they take some twenty times that."""
MAX_REFUSED = 10_000
WITNESS_SECONDS = 1.0
SETTLING_SECONDS = 10.0
FOUND_SECONDS = 5.0
"""So long after a lane has checked its schemas it binds them without asking again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A schema as a registry keeps it; `references` says that it needs others to be understood."""

    text: str
    kind: str = "AVRO"
    references: bool = False


def shown(url: str) -> str:
    """A registry's address without user and password, for messages."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class SchemaSource(Protocol):
    """A registry's own operations. Each blocks, and raises RegistryUnavailable when there is no definite answer."""

    def fetch(self, schema_id: int) -> Stored | None:
        """The schema of an id, asked anew; None when the registry says that there is none."""
        ...

    def find(self, subject: str, text: str) -> int | None:
        """The id of this schema under a subject, or None."""
        ...

    def register(self, subject: str, text: str) -> int:
        """The id, of a new version if need be; raises SchemaIncompatible when the registry refuses."""
        ...

    def versions(self, subject: str) -> list[int]:
        """The subject's versions, oldest first; none for a subject that does not exist."""
        ...

    def version(self, subject: str, version: int) -> Stored:
        """The schema of a version; raises SchemaNotFound."""
        ...

    def compatibility(self, subject: str) -> str | None:
        """The level set on the subject itself, or None."""
        ...

    def set_compatibility(self, subject: str, level: str) -> None:
        """Sets the level on the subject."""
        ...

    def close(self) -> None:
        """Ends connections."""
        ...


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str
    until: float


class Registry:
    """A registry with its verdicts: schemas for good, definite refusals for `retry_seconds`.

    A 404 counts only while the registry still knows the schemas that it gave before, and has answered for a while: one
    that lost its data, or is still loading it after a restart, must not send records to the dead letters.
    """

    def __init__(
        self,
        url: str,
        properties: Mapping[str, str] | None = None,
        *,
        retry_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        source: SchemaSource | None = None,
    ) -> None:
        if source is None:
            from schemas.confluent_source import ConfluentSource  # slow to import, and not for every command

            source = ConfluentSource(url, properties or {})
        self.url = shown(url)
        self._source = source
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._schemas: dict[int, AvroSchema] = {}
        self._text = 0
        self._refused: dict[int, _Refused] = {}
        self._found: dict[tuple[str, str], tuple[int, float]] = {}
        self._witness: int | None = None
        self._witness_until = float("-inf")
        self._settled_at = float("-inf")

    def cached(self, schema_id: int) -> AvroSchema:
        """The schema of an id, from memory.

        Raises SchemaPending when nobody knows (then `fetch` it), Unreadable while a refusal holds.
        """
        schema = self._schemas.get(schema_id)
        if schema is not None:
            return schema
        refused = self._refused.get(schema_id)
        if refused is None or refused.until <= self._clock():
            raise SchemaPending(schema_id)
        raise Unreadable(refused.reason)

    def fetch(self, schema_id: int) -> None:
        """Asks the registry for an id and keeps the verdict for `cached`; blocks.

        Raises RegistryUnavailable when there is no verdict: nothing is kept then.
        """
        stored = self._ask(schema_id)
        if stored is None:
            self._check_settled(schema_id)
            self._check_witness(schema_id)
            self._refuse(schema_id, f"schema id {schema_id} is not in the registry: was it written with another one?")
        elif stored.kind.upper() != "AVRO":
            self._refuse(schema_id, f"schema id {schema_id} is {stored.kind}, and only Avro is read here")
        elif stored.references:
            self._refuse(schema_id, f"schema id {schema_id} refers to other subjects: register it self-contained")
        else:
            self._keep(schema_id, stored.text)

    def find_id(self, subject: str, schema: AvroSchema) -> int | None:
        """The id of this very schema under a subject, or None; blocks, unless it was found a moment ago."""
        place, now = (subject, schema.text), self._clock()
        found = self._found.get(place)
        if found is not None and found[1] > now:
            return found[0]
        schema_id = self._source.find(subject, schema.text)
        if schema_id is not None:
            self._know(schema_id, schema)
            self._found[place] = schema_id, now + FOUND_SECONDS
        return schema_id

    def register(self, subject: str, schema: AvroSchema) -> int:
        """The id of the schema under a subject, registered if need be; blocks. Raises SchemaIncompatible."""
        schema_id = self._source.register(subject, schema.text)
        self._know(schema_id, schema)
        return schema_id

    def versions(self, subject: str, *, latest: bool = False) -> list[AvroSchema]:
        """A subject's schemas, oldest first, or only the latest; blocks. Raises SchemaUnsafe for one of those."""
        numbers = self._source.versions(subject)
        stored = [self._source.version(subject, number) for number in (numbers[-1:] if latest else numbers)]
        return [AvroSchema.read(one.text) for one in stored]

    def compatibility(self, subject: str) -> str | None:
        """The level set on the subject itself, or None where it has none; blocks."""
        return self._source.compatibility(subject)

    def set_compatibility(self, subject: str, level: str) -> None:
        """Sets the subject's level; blocks."""
        self._source.set_compatibility(subject, level)

    def close(self) -> None:
        """Ends the connections; what is cached stays readable."""
        self._source.close()

    def _keep(self, schema_id: int, text: str) -> None:
        try:
            self._know(schema_id, AvroSchema.read(text))
        except SchemaUnsafe as error:
            self._refuse(schema_id, f"schema id {schema_id} is not safe to read with: {error}")

    def _know(self, schema_id: int, schema: AvroSchema) -> None:
        with self._lock:  # lanes share it, and each has a thread that asks
            self._drop(schema_id)
            while self._schemas and (len(self._schemas) >= MAX_SCHEMAS or self._text + len(schema.text) > MAX_TEXT):
                self._drop(next(iter(self._schemas)))
            self._schemas[schema_id] = schema
            self._text += len(schema.text)
            self._refused.pop(schema_id, None)
            self._witness = schema_id

    def _drop(self, schema_id: int) -> None:
        schema = self._schemas.pop(schema_id, None)
        if schema is not None:
            self._text -= len(schema.text)

    def _refuse(self, schema_id: int, reason: str) -> None:
        with self._lock:
            self._refused.pop(schema_id, None)
            if len(self._refused) >= MAX_REFUSED:
                del self._refused[next(iter(self._refused))]
            self._refused[schema_id] = _Refused(reason, self._clock() + self._retry_seconds)

    def _ask(self, schema_id: int) -> Stored | None:
        try:
            return self._source.fetch(schema_id)
        except RegistryUnavailable:
            self._settled_at = self._clock() + SETTLING_SECONDS
            raise

    def _check_settled(self, schema_id: int) -> None:
        """Makes sure that the registry was not away a moment ago: it answers before it has read all of its journal."""
        if self._clock() < self._settled_at:
            raise RegistryUnavailable(
                f"the registry at {self.url} has no schema id {schema_id}, and was away less than "
                f"{SETTLING_SECONDS:g} s ago: it may still be loading its schemas, and is asked again"
            )

    def _check_witness(self, schema_id: int) -> None:
        """Makes sure that the registry still knows a schema that it gave before, at most once a second."""
        if self._witness is None or self._clock() < self._witness_until:
            return
        if self._ask(self._witness) is None:
            raise RegistryUnavailable(
                f"the registry at {self.url} has no schema id {schema_id}, and has forgotten {self._witness}, which it"
                " gave before: it lost its data, or is not fully started. Restore it, or run `sluicegate schemas apply`"
                " and restart the workers"
            )
        self._witness_until = self._clock() + WITNESS_SECONDS
