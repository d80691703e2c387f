"""The registry's operations over Confluent's REST API, through confluent-kafka's client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from schemas.errors import Misconfigured, RegistryUnavailable, SchemaIncompatible, SchemaNotFound
from schemas.registry import Stored, shown

_DEFAULTS: dict[str, Any] = {"timeout": 5.0, "max.retries": 1, "retries.wait.ms": 100, "retries.max.wait.ms": 500}
_NUMBERS = {*_DEFAULTS, "cache.capacity", "cache.latest.ttl.sec"}
_REFUSALS = (409, 422)


class _Absent(Exception):
    """The registry's definite word that it does not have something."""


class ConfluentSource:
    """One registry: Confluent's, Apicurio's `/apis/ccompat/v7`, or another with the same API."""

    def __init__(self, url: str, properties: Mapping[str, str]) -> None:
        self._given, self._url = url, shown(url)
        settings = {**_DEFAULTS, **{name: _number(name, value) for name, value in properties.items()}}
        try:
            self._client = SchemaRegistryClient({**settings, "url": url})
        except (ValueError, TypeError, OSError) as error:
            raise Misconfigured(f"the registry's settings can't work ({self._url}): {error}") from error

    def fetch(self, schema_id: int) -> Stored | None:
        """The schema of an id, asked anew."""
        self._forget()
        try:
            with self._asking(f"schema id {schema_id}"):
                return _stored(self._client.get_schema(schema_id))
        except _Absent:
            return None

    def find(self, subject: str, text: str) -> int | None:
        """The id of this schema under a subject, as it is or in its normal form."""
        self._forget()
        for normalize in (False, True):
            try:
                with self._asking(f"a schema under {subject!r}"):
                    found = self._client.lookup_schema(subject, Schema(text, "AVRO"), normalize)
                    return int(found.schema_id or 0)
            except _Absent:
                continue
        return None

    def register(self, subject: str, text: str) -> int:
        """Registers a schema; raises SchemaIncompatible with the registry's own words."""
        self._forget()
        with self._asking(f"to register a schema under {subject!r}"):
            return int(self._client.register_schema(subject, Schema(text, "AVRO")))

    def versions(self, subject: str) -> list[int]:
        """The subject's versions, oldest first."""
        try:
            with self._asking(f"the versions of {subject!r}"):
                return sorted(self._client.get_versions(subject))
        except _Absent:
            return []

    def version(self, subject: str, version: int) -> Stored:
        """The schema of a version; raises SchemaNotFound."""
        try:
            with self._asking(f"version {version} of {subject!r}"):
                return _stored(self._client.get_version(subject, version).schema)
        except _Absent as error:
            raise SchemaNotFound(f"the registry has no version {version} of {subject!r}") from error

    def compatibility(self, subject: str) -> str | None:
        """The level set on the subject, or None."""
        try:
            with self._asking(f"the compatibility of {subject!r}"):
                return str(self._client.get_compatibility(subject))
        except _Absent:
            return None

    def set_compatibility(self, subject: str, level: str) -> None:
        """Sets the subject's level."""
        with self._asking(f"to set the compatibility of {subject!r} to {level}"):
            self._client.set_compatibility(subject, level)

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def _forget(self) -> None:
        """Empties the client's own cache, so that every answer is the registry's."""
        self._client.clear_caches()  # type: ignore[no-untyped-call]

    @contextmanager
    def _asking(self, question: str) -> Iterator[None]:
        """Turns what the client raises into our errors: a definite no, a refusal, or no verdict at all."""
        try:
            yield
        except SchemaRegistryError as error:
            raise self._verdict(question, error) from error
        except Exception as error:  # transport, TLS, tokens, bodies that are no JSON: many types, one meaning
            raise RegistryUnavailable(
                f"no answer from the registry at {self._url} (asked for {question}): {self._words(error)}."
                " Is it up (`sluicegate status`), and is `registry.url` right?"
            ) from error

    def _words(self, error: Exception) -> str:
        """What the client says, without the user and password that the address may have."""
        return f"{type(error).__name__}: {error}".replace(self._given, self._url)

    def _verdict(self, question: str, error: SchemaRegistryError) -> Exception:
        status, code, text = error.http_status_code, error.error_code, error.error_message
        if status == 404 and isinstance(code, int) and 40400 <= code <= 40499:
            return _Absent()
        if status in _REFUSALS:
            return SchemaIncompatible(f"the registry at {self._url} refuses (asked {question}): {text}")
        cure = {
            401: "check `registry.properties` (`basic.auth.user.info`)",
            403: "the registry's user lacks the right for this",
            404: "this is no registry's answer: `registry.url` must end as its API does, such as /apis/ccompat/v7",
        }.get(status, "try again later, and look at the registry's log")
        return RegistryUnavailable(
            f"the registry at {self._url} answered HTTP {status} (asked for {question}): {str(text)[:200]}; {cure}"
        )


def _stored(schema: Schema) -> Stored:
    return Stored(schema.schema_str or "", schema.schema_type or "AVRO", bool(schema.references))


def _number(name: str, value: Any) -> Any:
    """Numbers come from files and the environment as text; the client wants them as numbers."""
    if name not in _NUMBERS:
        return value
    try:
        number = float(value)
    except ValueError as error:
        raise Misconfigured(f"registry property {name!r} must be a number, found {value!r}") from error
    return int(number) if number.is_integer() else number
