"""Where a processor's requests go, and how they and their answers are read and written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.avsc import Role, load
from schemas.codec import Codec
from schemas.errors import SchemaPending
from schemas.registry import Registry
from schemas.subjects import subject
from streams.binding import bind
from streams.client.errors import UnknownProcessor
from streams.lanes import catalogue
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Route:
    """One lane as a client sees it: the topic to write to, both directions of the wire, the field that is the key."""

    processor: str
    topic: str
    encode: Callable[[Mapping[str, Any]], bytes]
    decode: Callable[[bytes], Mapping[str, Any]]
    key_field: str | None = None


def request_topic(settings: Settings, processor: str) -> str:
    """The topic that a processor reads first; raises UnknownProcessor."""
    if processor not in catalogue():
        raise UnknownProcessor(f"there is no processor {processor!r}; there are: {', '.join(catalogue())}")
    return bind(settings, processor).requests[0]


def open_route(settings: Settings, registry: Registry, processor: str) -> Route:
    """The route to a processor. Blocks on the registry.

    Raises UnknownProcessor, SchemaNotFound with the cure, RegistryUnavailable.
    """
    topic = request_topic(settings, processor)
    results, kind = bind(settings, processor).results, catalogue()[processor]
    requests = codec(registry, processor, "request", topic)
    requests.bind()
    answers = codec(registry, processor, "result", results)
    return Route(processor, topic, requests.encode, patient(answers, registry), kind.key_field)


def codec(registry: Registry, lane: str, role: Role, topic: str) -> Codec:
    """The codec of a lane's requests or results on a topic, not bound."""
    schema = load(lane, role)
    return Codec(schema, subject(topic, schema.name if catalogue()[lane].several else None), registry)


def patient(codec: Codec, registry: Registry) -> Callable[[bytes], Mapping[str, Any]]:
    """A decoder that fetches the schemas which it does not know yet. It may block, and raise RegistryUnavailable."""

    def decode(value: bytes) -> Mapping[str, Any]:
        try:
            return codec.decode(value)
        except SchemaPending as pending:
            registry.fetch(pending.schema_id)
            return codec.decode(value)

    return decode
