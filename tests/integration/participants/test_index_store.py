"""The index's database: SQLite as it is used, and what goes wrong with databases."""

import asyncio
import sqlite3
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from schemas.envelope import NO_HEADERS
from schemas.errors import Misconfigured
from schemas.outcome import Code, Completed, Failed, Outcome
from schemas.request import Request
from streams.participants.index import IndexHandler
from streams.participants.index_store import FORGET_EVERY_MS, Document, IndexStore, open_store
from streams.settings import IndexSettings, Settings, StackSettings
from streams.stateless import NO_STATE

DONE, NOTHING = Completed({"effect": True}), Completed({"effect": False})
KEEP_MS = 3_600_000
Open = Callable[..., IndexStore]


def put(key: str, document: str = "d", text: str = "words") -> dict[str, Any]:
    tensor = {"dtype": "float32", "shape": [2], "data": struct.pack("<2f", 0.5, -1)}
    record = {"request_id": key, "operation": "PUT", "document_id": document, "text": text}
    return {**record, "metadata": {"digit": "7"}, "embedding": tensor, "undo_of": ""}


def delete(key: str, document: str = "d", undo_of: str = "") -> dict[str, Any]:
    nothing = {"text": "", "metadata": {}, "embedding": None}
    return {"request_id": key, "operation": "DELETE", "document_id": document, "undo_of": undo_of, **nothing}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "documents.db"


@pytest.fixture
def opened(file: Path) -> Open:
    """Opens the file's index, as a worker does."""

    def make(busy_seconds: float = 5.0) -> IndexStore:
        store = IndexStore(f"sqlite:///{file}", busy_seconds, KEEP_MS)
        store.open()
        return store

    return make


def rows(file: Path, query: str) -> list[Any]:
    with sqlite3.connect(file) as connection:
        return connection.execute(query).fetchall()


def code(outcome: Outcome) -> str | None:
    return outcome.code if isinstance(outcome, Failed) else None


def test_a_document_is_kept_whole(opened: Open, file: Path) -> None:
    assert opened().answer([put("p")], 5) == [DONE]
    assert opened().documents() == [Document("d", "p", "words", {"digit": "7"})]
    [kept] = rows(file, "SELECT put_at_ms, embedding_dtype, embedding_shape, embedding FROM documents")
    assert kept == (5, "float32", "[2]", struct.pack("<2f", 0.5, -1))


def test_answers_outlive_the_worker(opened: Open) -> None:
    first = opened()
    assert first.answer([put("p"), put("q"), delete("u", undo_of="p")], 0)[2] == DONE
    first.close()
    second = opened()
    assert code(second.answer([put("q")], 0)[0]) == "DOCUMENT_EXISTS"
    assert second.answer([put("p"), delete("u", undo_of="p")], 0) == [DONE, DONE]
    assert second.documents() == []


def test_an_undo_that_comes_first_keeps_its_put_out(opened: Open) -> None:
    store = opened()
    assert store.answer([delete("u", undo_of="p")], 0) == [NOTHING]
    assert code(store.answer([put("p")], 0)[0]) == "UNDONE"
    assert store.documents() == []


def test_answers_are_forgotten_after_their_time(opened: Open, file: Path) -> None:
    store = opened()
    store.answer([put("p")], 0)
    store.answer([put("q", "e")], KEEP_MS)
    assert rows(file, "SELECT request_id FROM effects ORDER BY 1") == [("p",), ("q",)]
    store.answer([put("r", "f")], KEEP_MS + FORGET_EVERY_MS)
    assert rows(file, "SELECT request_id FROM effects ORDER BY 1") == [("q",), ("r",)]
    assert code(store.answer([put("s")], KEEP_MS + FORGET_EVERY_MS)[0]) == "DOCUMENT_EXISTS"
    assert code(store.answer([put("p")], KEEP_MS + FORGET_EVERY_MS)[0]) is None, "the document is its own"


def test_a_large_batch_is_one_transaction(opened: Open, file: Path) -> None:
    store = opened()
    asked = [put(f"p{number:04}", f"d{number:04}") for number in range(1_200)]
    assert store.answer(asked, 0) == [DONE] * 1_200
    assert store.answer(asked, 0) == [DONE] * 1_200
    assert rows(file, "SELECT count(*), count(DISTINCT put_by) FROM documents") == [(1_200, 1_200)]


def test_it_writes_ahead_and_survives_a_power_failure(opened: Open, file: Path) -> None:
    store = opened()
    seen: list[Any] = []
    event.listen(store._engine, "begin", lambda connection: seen.append(pragmas(connection)))
    store.answer([put("p")], 0)
    assert seen == [("wal", 2)]


def pragmas(connection: Any) -> tuple[Any, ...]:
    return tuple(connection.exec_driver_sql(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))


def test_a_failure_in_the_middle_leaves_nothing(opened: Open, file: Path) -> None:
    store = opened()
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE effects RENAME TO hidden")
        connection.execute("CREATE VIEW effects AS SELECT * FROM hidden")
    with pytest.raises(OperationalError, match="cannot modify effects because it is a view"):
        store.answer([put("p")], 0)
    assert store.documents() == []


def test_a_locked_database_raises_and_is_no_refusal(opened: Open, file: Path) -> None:
    store = opened(busy_seconds=0.05)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        store.answer([put("p")], 0)
    other.execute("ROLLBACK")
    other.close()
    assert store.answer([put("p")], 0) == [DONE]


def test_a_record_that_the_database_can_not_hold_is_refused_alone(opened: Open) -> None:
    store = opened()

    def small(connection: sqlite3.Connection, _record: object) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 5_000)

    store.close()
    event.listen(store._engine, "connect", small)
    outcomes = store.answer([put("p"), put("large", "e", "x" * 6_000), put("q", "f")], 0)
    assert [code(outcome) for outcome in outcomes] == [None, Code.INVALID_ARGUMENT, None]
    assert [document.document_id for document in store.documents()] == ["d", "f"]


def test_workers_that_share_it_do_each_request_once(opened: Open, file: Path) -> None:
    """Four of them, each with all requests in batches of another size."""
    asked = [
        one
        for number in range(60)
        for one in (put(f"p{number}", f"d{number % 7}"), delete(f"x{number}", f"d{number % 7}", f"p{number}"))
    ]
    answers: dict[int, list[Outcome]] = {}

    def work(size: int) -> None:
        store = opened()
        answers[size] = [
            outcome for start in range(0, len(asked), size) for outcome in store.answer(asked[start : start + size], 0)
        ]
        store.close()

    threads = [threading.Thread(target=work, args=(size,)) for size in (1, 3, 8, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert answers[1] == answers[3] == answers[8] == answers[120]
    assert opened().documents() == []
    assert rows(file, "SELECT count(*) FROM effects") == [(120,)]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("no url", "write it as SQLAlchemy does"),
        ("nosuch://host/name", "write it as SQLAlchemy does"),
        ("postgresql+pg8000://host/name", "needs a driver that is not installed: No module named 'pg8000'"),
    ],
)
def test_a_url_that_can_not_work_is_refused_at_start(url: str, problem: str) -> None:
    with pytest.raises(Misconfigured, match=problem):
        IndexStore(url, 1.0, KEEP_MS)


def test_by_default_it_is_a_file_beside_the_stacks_data(tmp_path: Path) -> None:
    store = open_store(Settings(stack=StackSettings(directory=tmp_path / "data")))
    store.open()
    assert (tmp_path / "data" / "index" / "documents.db").is_file()


def test_another_database_can_be_set(tmp_path: Path) -> None:
    store = open_store(Settings(index=IndexSettings(url=f"sqlite:///{tmp_path / 'mine.db'}")))
    store.open()
    assert (tmp_path / "mine.db").is_file()


def request(record: dict[str, Any]) -> Request:
    return Request("asked", 0, 0, 0, b"key", record, NO_HEADERS)


async def test_a_database_that_hangs_does_not_hold_up_the_event_loop(opened: Open, file: Path) -> None:
    handler = IndexHandler(opened())
    assert not handler.ready
    await handler.start()
    assert handler.ready
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(handler.handle([request(put("p"))], NO_STATE, 1.0))
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    effects = await asyncio.wait_for(waiting, 10)
    assert effects.outcomes == [DONE]
    assert effects.compute_seconds > 0.05
    await handler.stop()
    await handler.stop()


async def test_a_database_that_is_away_keeps_the_lane_from_starting(tmp_path: Path) -> None:
    handler = IndexHandler(IndexStore(f"sqlite:///{tmp_path}/no/such/folder.db", 1.0, KEEP_MS))
    with pytest.raises(OperationalError, match="unable to open database file"):
        await handler.start()
    assert not handler.ready
    (tmp_path / "no" / "such").mkdir(parents=True)
    await handler.start()
    assert handler.ready
    await handler.stop()
