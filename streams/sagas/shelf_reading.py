"""Reads an index for `shelves`: its database, and what was asked of it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sagas.participants.index_request import Operation
from schemas.registry import Registry
from schemas.topics import requests_topic
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.client.connection import admin, partition_counts
from streams.client.reading import TopicReader
from streams.mistake import UserMistake
from streams.participants.index_store import IndexStore
from streams.sagas.evidence import askings
from streams.sagas.inbox import SAGA_ID
from streams.sagas.outlets import topic_of
from streams.sagas.shelves import Shelves
from streams.settings import Settings

INDEX = "index"


def read_shelves(settings: Settings, registry: Registry, url: str, forms: Iterable[Mapping[str, Any]]) -> Shelves:
    """The index at a URL. Blocks; raises UserMistake where there is none, and the client's errors."""
    documents = owners(settings, url)
    puts: dict[str, str] = {}
    removed: set[str] = set()
    for asked, by_saga in requests(settings, registry, forms):
        if asked["operation"] == Operation.PUT and by_saga:
            puts[asked["request_id"]] = asked["document_id"]
        elif asked["operation"] == Operation.DELETE and not asked["undo_of"]:
            removed.add(asked["document_id"])
    return Shelves(documents, puts, frozenset(removed))


def owners(settings: Settings, url: str) -> dict[str, str]:
    """Each document in the database at a URL, with the key of its PUT."""
    check_there(url)
    store = IndexStore(url, settings.index.busy_seconds, 0)
    try:
        return store.owners()
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise UserMistake(f"--index {url}: {reason}; give the URL of the lane index, its setting index.url") from error
    finally:
        store.close()


def check_there(url: str) -> None:
    """Raises UserMistake for a file of SQLite's that is not there: to look would make it."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserMistake(f"--index {url}: {error}; write it as dialect+driver://host/name") from error
    file = parsed.database
    if parsed.get_backend_name() == "sqlite" and (not file or not Path(file).is_file()):
        raise UserMistake(f"--index {url}: there is no file {file}; give the URL of the lane index")


def requests(
    settings: Settings, registry: Registry, forms: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """What was asked of the index, and whether a saga asked it."""
    named = {
        asking["to"] or requests_topic(INDEX) for form in forms for asking in askings(form) if asking["send"] == INDEX
    }
    topics = {*bind(settings, INDEX).requests, *(topic_of(settings, INDEX, topic) for topic in named)}
    known = partition_counts(admin(settings), settings)
    reader, decode = TopicReader(settings, "sagas"), AnyDecoder(registry)
    for record in reader.read(reader.spans(reader.partitions(sorted(topics & known.keys())))):
        if record.value is None:
            continue
        asked = decode(record.value)
        if "document_id" in asked and "operation" in asked:
            yield asked, record.header(SAGA_ID) is not None
