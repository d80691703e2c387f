"""The index's two tables, and the engine of the database that holds them."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from sagas.participants.index_request import MAX_DOCUMENT_ID
from schemas.errors import Misconfigured
from schemas.records import MAX_REQUEST_ID

DIGEST = 64
REFUSED = 64

metadata = MetaData()

documents = Table(
    "documents",
    metadata,
    Column("document_id", String(MAX_DOCUMENT_ID), primary_key=True),
    # The key of the PUT, so that an undo removes what it undoes and nothing else.
    Column("put_by", String(MAX_REQUEST_ID), nullable=False),
    Column("put_at_ms", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("embedding_dtype", String(16), nullable=False),
    Column("embedding_shape", JSON, nullable=False),
    Column("embedding", LargeBinary, nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("request_id", String(MAX_REQUEST_ID), primary_key=True),
    Column("document_id", String(MAX_DOCUMENT_ID), nullable=False),
    # What was asked; none: undone before it came.
    Column("digest", String(DIGEST)),
    Column("effect", Boolean, nullable=False),
    Column("refused", String(REFUSED)),
    Column("at_ms", BigInteger, nullable=False, index=True),
)


def open_engine(url: str, busy_seconds: float) -> Engine:
    """An engine that has connected to nothing yet. Raises Misconfigured for a URL that can't work."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, busy_seconds)
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise Misconfigured(f"index.url: {error}; write it as SQLAlchemy does, dialect+driver://host/name") from None
    except ImportError as error:
        raise Misconfigured(f"index.url needs a driver that is not installed: {error}") from None


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        # SQLAlchemy begins transactions, not the driver, which would begin them late.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # What Kafka counts as done must survive a power failure here, too.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A reader that writes later would fail where another writes meanwhile, whatever the time-out.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
