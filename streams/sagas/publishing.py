"""Releases definitions: what is new goes to the topic of definitions, what was changed is refused."""

from collections.abc import Iterable, Iterator
from sys import version_info

import structlog

from sagas.catalogue import Catalogue
from sagas.compiled import Compiled
from sagas.wire.messages import definition_key, definition_record
from sagas.wire.schema import schema
from schemas.codec import Codec
from schemas.errors import Misconfigured
from schemas.registry import Registry
from schemas.subjects import subject
from streams.client.connection import open_registry, producer
from streams.client.reading import TopicReader
from streams.client.record import Record
from streams.client.routes import patient
from streams.settings import Settings

FLUSH_SECONDS = 20.0

log = structlog.get_logger(__name__)


def publish(settings: Settings, catalogue: Catalogue) -> list[Compiled]:
    """Publishes the definitions that are not released yet; what was new. Blocks.

    Raises Misconfigured, having published nothing, for a released definition that was changed; TopicMissing,
    ClusterUnreachable, SchemaNotFound, RegistryUnavailable.
    """
    registry = open_registry(settings)
    try:
        topic = settings.sagas.definitions
        known = released(settings, registry)
        changed = [problem for one in catalogue if (problem := change(one, known.get(key_of(one)))) is not None]
        if changed:
            raise Misconfigured("; ".join(changed))
        fresh = [one for one in catalogue if key_of(one) not in known]
        if fresh:
            write(settings, codec_for(topic, registry, bind=True), fresh)
        return fresh
    finally:
        registry.close()


def released(settings: Settings, registry: Registry) -> dict[bytes, str]:
    """The hash of every released definition, by its key."""
    decode = patient(codec_for(settings.sagas.definitions, registry), registry)
    return {record.key: decode(record.value)["hash"] for record in latest(settings) if record.key and record.value}


def latest(settings: Settings) -> Iterator[Record]:
    """The newest record of each key of the topic of definitions."""
    reader = TopicReader(settings, "definitions")
    places = reader.partitions([settings.sagas.definitions])
    found = {record.key: record for record in reader.read(reader.spans(places))}
    return iter(found.values())


def change(compiled: Compiled, released_hash: str | None) -> str | None:
    """Why this definition may not be used beside the released one of the same version; None when it may."""
    if released_hash is None or released_hash == compiled.hash:
        return None
    return (
        f"saga {compiled.name!r}, version {compiled.version}, is not what was released as that version "
        f"({compiled.hash[:12]} instead of {released_hash[:12]}): running sagas depend on it. Put it back as it was, "
        f"and give the changed definition version {compiled.version + 1}. If nothing was changed: another minor "
        f"version of Python than this one, {version_info.major}.{version_info.minor}, compiles functions to other code"
    )


def key_of(compiled: Compiled) -> bytes:
    """The key of its record."""
    return definition_key(compiled.name, compiled.version)


def codec_for(topic: str, registry: Registry, *, bind: bool = False) -> Codec:
    """The codec of definitions; bound, it can write."""
    found = schema("definition")
    codec = Codec(found, subject(topic, found.name), registry)
    if bind:
        codec.bind()
    return codec


def write(settings: Settings, codec: Codec, fresh: Iterable[Compiled]) -> None:
    """Writes definitions; waits until they are there."""
    sender = producer(settings, "definitions")
    for one in fresh:
        sender.produce(settings.sagas.definitions, codec.encode(definition_record(one)), key_of(one))
        log.info("a saga is released", saga=one.name, version=one.version, hash=one.hash[:12])
    if sender.flush(FLUSH_SECONDS):
        raise Misconfigured(f"definitions did not reach {settings.sagas.definitions!r} within {FLUSH_SECONDS:g} s")
