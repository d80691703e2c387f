"""The index's database: the effect of each request, and its answer under the request's key, in one transaction.

All methods block.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DataError

from sagas.participants.index import Answer, Shelf, keys_of
from schemas.outcome import Code, Failed, Outcome
from streams.participants.tables import documents, effects, metadata, open_engine
from streams.settings import Settings

FORGET_EVERY_MS = 600_000
# Databases limit the parameters of a statement, the oldest of them to a thousand.
AT_ONCE = 500
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the index, without its embedding; `put_by` is the request that put it."""

    document_id: str
    put_by: str
    text: str
    metadata: Mapping[str, str]


class IndexStore:
    """An index in the database of a URL; several workers may share it. Used by one thread at a time.

    Any method may raise sqlalchemy.exc.SQLAlchemyError while the database is down or locked; then nothing was done.
    """

    def __init__(self, url: str, busy_seconds: float, remember_ms: int) -> None:
        """Connects to nothing. Raises Misconfigured for a URL that can't work."""
        self._engine = open_engine(url, busy_seconds)
        self._remember_ms = remember_ms
        self._forget_at_ms = 0

    def open(self) -> None:
        """Makes the tables that are missing."""
        with self._engine.begin() as connection:
            metadata.create_all(connection)

    def close(self) -> None:
        """Lets go of the connections; safe to call twice."""
        self._engine.dispose()

    def answer(self, records: Sequence[Mapping[str, Any]], now_ms: int) -> list[Outcome]:
        """The outcomes of checked IndexRequests' records, in their order, in one transaction."""
        try:
            return self._answer(records, now_ms)
        except DataError as error:
            if len(records) == 1:
                return [unfit(error)]
        # One of them is what this database can't hold; the others need not suffer for it.
        return [outcome for record in records for outcome in self.answer([record], now_ms)]

    def documents(self) -> list[Document]:
        """All documents, by their ids."""
        columns = documents.c
        wanted = select(columns.document_id, columns.put_by, columns.text, columns.metadata)
        with self._engine.connect() as connection:
            return [Document(*row) for row in connection.execute(wanted.order_by(columns.document_id))]

    def owners(self) -> dict[str, str]:
        """The key of the PUT of every document, by the documents' ids."""
        columns = documents.c
        with self._engine.connect() as connection:
            rows = connection.execute(select(columns.document_id, columns.put_by))
            return {row.document_id: row.put_by for row in rows}

    def _answer(self, records: Sequence[Mapping[str, Any]], now_ms: int) -> list[Outcome]:
        with self._engine.begin() as connection:
            shelf = Shelf(
                read_answers(connection, keys_of(records)),
                read_owners(connection, {record["document_id"] for record in records}),
            )
            outcomes = [shelf.answer(record) for record in records]
            write(connection, shelf, now_ms)
            if now_ms >= self._forget_at_ms:
                connection.execute(delete(effects).where(effects.c.at_ms < now_ms - self._remember_ms))
        if now_ms >= self._forget_at_ms:
            self._forget_at_ms = now_ms + FORGET_EVERY_MS
        return outcomes


def open_store(settings: Settings) -> IndexStore:
    """The index of the settings; makes the directory of SQLite's file. Raises Misconfigured for a wrong URL."""
    chosen = settings.index
    if chosen.url is None:
        default_file(settings).parent.mkdir(parents=True, exist_ok=True)
    return IndexStore(url_of(settings), chosen.busy_seconds, int(chosen.remember_hours * HOUR_MS))


def url_of(settings: Settings) -> str:
    """The database's URL: the setting, or that of SQLite's file in the stack's directory."""
    return settings.index.url or f"sqlite:///{default_file(settings)}"


def default_file(settings: Settings) -> Path:
    """Where SQLite keeps the documents unless a URL is set."""
    return settings.stack.directory / "index" / "documents.db"


def read_answers(connection: Connection, keys: Iterable[str]) -> dict[str, Answer]:
    """The answers kept under these keys."""
    found = {}
    columns = effects.c
    wanted = select(columns.request_id, columns.document_id, columns.digest, columns.effect, columns.refused)
    for some in chunks(keys):
        for row in connection.execute(wanted.where(columns.request_id.in_(some))):
            found[row.request_id] = Answer(row.document_id, row.digest, row.effect, row.refused)
    return found


def read_owners(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Of each of these documents that is there, the key of its PUT."""
    found = {}
    columns = documents.c
    for some in chunks(ids):
        wanted = select(columns.document_id, columns.put_by).where(columns.document_id.in_(some))
        found.update({row.document_id: row.put_by for row in connection.execute(wanted)})
    return found


def write(connection: Connection, shelf: Shelf, now_ms: int) -> None:
    """Writes what the shelf changed. A key or document that another worker wrote meanwhile is an IntegrityError."""
    for document, owner in shelf.deleted.items():
        connection.execute(delete(documents).where(documents.c.document_id == document, documents.c.put_by == owner))
    if shelf.put:
        connection.execute(insert(documents), [document_row(record, now_ms) for record in shelf.put.values()])
    if shelf.new_answers:
        rows = [effect_row(key, answer, now_ms) for key, answer in shelf.new_answers.items()]
        connection.execute(insert(effects), rows)


def document_row(record: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """A PUT as the table has it."""
    embedding = record["embedding"]
    return {
        "document_id": record["document_id"],
        "put_by": record["request_id"],
        "put_at_ms": now_ms,
        "text": record["text"],
        "metadata": record["metadata"],
        "embedding_dtype": embedding["dtype"],
        "embedding_shape": embedding["shape"],
        "embedding": embedding["data"],
    }


def effect_row(key: str, answer: Answer, now_ms: int) -> dict[str, Any]:
    """An answer as the table has it."""
    return {
        "request_id": key,
        "document_id": answer.document,
        "digest": answer.digest,
        "effect": answer.effect,
        "refused": answer.refused,
        "at_ms": now_ms,
    }


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, so many at once, in order: workers that share a database then lock in one order."""
    rest = iter(sorted(values))
    while some := list(islice(rest, AT_ONCE)):
        yield some


def unfit(error: DataError) -> Failed:
    """The answer to a request that this database can't hold."""
    return Failed(Code.INVALID_ARGUMENT, f"the database can't hold this record: {error.orig}")
