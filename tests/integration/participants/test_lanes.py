"""Both participants on a real stack: each request takes effect once, through kill -9, aborts and repeats."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from sagas.participants.ledger import Account
from sagas.participants.ledger_book import ACCOUNTS, STORES, Book, read_account
from schemas.outcome import Completed, Outcome
from schemas.partitioner import partition_for
from streams.client.client import Client
from streams.polling import poll_many
from streams.stack.testing import StackForTests
from streams.state.wire import decode_key
from tests.e2e.bad_input.served_lane import SLUICEGATE, Answer, Bad, ServedLane
from tests.unit.sagas.participants.memory import Memory

PARTITIONS, TENANTS, ROUNDS = 2, 5, 24
FIELDS = ("effect", "granted", "free", "reserved", "charged")
WEEK_MS = 7 * 24 * 3_600_000


def ledger_requests() -> list[dict[str, Any]]:
    """Some of everything for each tenant: what succeeds, what is refused, an undo that comes first, repeats."""
    asked = []
    for number in range(ROUNDS):
        for tenant in range(TENANTS):
            name = f"r{number}"
            plan = [("GRANT", 10, ""), ("RESERVE", 3 + number % 7, name), ("RELEASE", 0, f"late{number}")]
            plan += [("CHARGE" if number % 2 else "RELEASE", 0, name), ("RESERVE", 1, f"late{number}")]
            plan += [("RESERVE", 10_000, f"much{number}")]
            for at, (operation, amount, reservation) in enumerate(plan):
                record = {"request_id": f"{number}-{at}", "operation": operation, "tenant": f"tenant-{tenant}"}
                asked.append({**record, "amount": amount, "reservation": reservation})
        asked += asked[-1:-TENANTS:-2]
    return asked


def said(outcome: Outcome) -> tuple[Any, ...]:
    """What an outcome says, without times."""
    if isinstance(outcome, Completed):
        return tuple(outcome.output[field] for field in FIELDS)
    return (str(outcome.code), outcome.message)


def read(answer: Answer) -> tuple[Any, ...]:
    """The same of a result that was read."""
    error = answer.says["error"]
    return tuple(answer.says[field] for field in FIELDS) if error is None else (error["code"], error["message"])


def expected(asked: list[dict[str, Any]]) -> tuple[list[tuple[Any, ...]], dict[str, Account]]:
    """What the books say when each request comes once, in order; and the accounts then."""
    memory = Memory()
    answers = [said(Book(memory, WEEK_MS).answer(record, 0)) for record in asked]
    return answers, {key.decode(): read_account(value) for key, value in memory.data[ACCOUNTS].items()}


def committed(lane: ServedLane, topic: str) -> dict[str, dict[bytes, bytes]]:
    """The lane's stores as its changelog has them, committed records only."""
    consumer = Consumer(
        {"bootstrap.servers": lane.stack.bootstrap, "group.id": "changelog", "isolation.level": "read_committed"}
    )
    places = [TopicPartition(topic, number, 0) for number in range(PARTITIONS)]
    consumer.assign(places)
    ends = {place.partition: consumer.get_watermark_offsets(place, 10)[1] for place in places}
    stores: dict[str, dict[bytes, bytes]] = {store: {} for store in STORES}
    while any(at.offset < ends[at.partition] for at in consumer.position(places)):
        for message in poll_many(consumer, 1_000, 0.1):
            store, key = decode_key(message.key())
            stores[store][key] = message.value()
    consumer.close()
    return stores


@pytest.mark.parametrize("failpoints", ["commit.before:4:kill,produce.after:2:raise", "apply.before:3:kill"])
def test_no_credit_is_lost_or_made(stack: StackForTests, tmp_path: Path, failpoints: str) -> None:
    """Killed before and after a commit, with an abort besides: the answers are those of an undisturbed ledger."""
    asked = ledger_requests()
    lane = ServedLane(stack, tmp_path, ("ledger",), partitions=PARTITIONS, transaction_records=64, batch={"size": 32})
    lane.environment["SLUICEGATE_FAILPOINTS"] = failpoints
    with lane:
        encode = lane.codec("ledger", "request").encode
        places = lane.send([Bad(encode(record), record["tenant"].encode()) for record in asked], "ledger")
        assert lane.worker.wait(60) == -signal.SIGKILL
        lane.environment["SLUICEGATE_FAILPOINTS"] = ""
        lane.start()
        answers = [read(answer) for answer in lane.answers(places)]
        state = committed(lane, lane.binding("ledger").state)
    right, accounts = expected(asked)
    assert answers == right
    kept = {key.decode(): read_account(value) for key, value in state[ACCOUNTS].items()}
    assert kept == accounts
    assert all(account.adds_up for account in kept.values())
    assert {code for code, *_ in answers if isinstance(code, str)} == {"INSUFFICIENT_CREDIT", "RESERVATION_RELEASED"}


def index_requests(count: int) -> list[dict[str, Any]]:
    """Documents, every third of them undone, every sixth before it comes."""
    tensor = {"dtype": "uint8", "shape": [3], "data": b"abc"}
    asked: list[dict[str, Any]] = []
    for number in range(count):
        shared = {"document_id": f"d{number}", "undo_of": ""}
        put = {"request_id": f"put-{number}", "operation": "PUT", "text": "words", "embedding": tensor, **shared}
        undo = {"request_id": f"undo-{number}", "operation": "DELETE", **shared, "undo_of": f"put-{number}"}
        pair = [put] if number % 3 else [undo, put] if number % 6 else [put, undo]
        asked += [*pair, put]
    return [{"text": "", "metadata": {}, "embedding": None, **record} for record in asked]


def test_each_document_is_put_once(stack: StackForTests, tmp_path: Path) -> None:
    """Killed after the database's commit and before Kafka's: what comes again is answered alike, without effect."""
    file, asked = tmp_path / "documents.db", index_requests(60)
    lane = ServedLane(stack, tmp_path, ("index",), transaction_records=16, batch={"size": 16})
    lane.environment |= {
        "SLUICEGATE_INDEX__URL": f"sqlite:///{file}",
        "SLUICEGATE_FAILPOINTS": "infer.after:4:raise,commit.before:3:kill",
    }
    with lane:
        encode = lane.codec("index", "request").encode
        places = lane.send([Bad(encode(record), record["document_id"].encode()) for record in asked], "index")
        assert lane.worker.wait(60) == -signal.SIGKILL
        lane.environment["SLUICEGATE_FAILPOINTS"] = ""
        lane.start()
        answers = lane.answers(places)
    told: dict[str, set[str]] = {}
    for record, answer in zip(asked, answers, strict=True):
        told.setdefault(record["request_id"], set()).add(answer.code or str(answer.says["effect"]))
    for number in range(60):
        first = "UNDONE" if number % 6 == 3 else "True"
        assert told[f"put-{number}"] == {first}
        assert told.get(f"undo-{number}") == (None if number % 3 else {"False" if number % 6 else "True"})
    with sqlite3.connect(file) as connection:
        kept = [name for (name,) in connection.execute("SELECT document_id FROM documents")]
    assert sorted(kept) == sorted(f"d{number}" for number in range(60) if number % 3)


@pytest.fixture(scope="module")
def ledger(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ledger that runs."""
    with ServedLane(stack, tmp_path_factory.mktemp("ledger"), ("ledger",), partitions=PARTITIONS) as served:
        yield served


def run(lane: ServedLane, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SLUICEGATE, *arguments], env=lane.environment, capture_output=True, text=True, timeout=60)


def tail(lane: ServedLane, count: int) -> list[Mapping[str, Any]]:
    results = lane.binding("ledger").results
    done = run(lane, "tail", results, "--follow", "--from-beginning", "--max", str(count))
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_is_sent_to_and_read_from_the_command_line(ledger: ServedLane) -> None:
    grant = {"request_id": "by hand", "operation": "GRANT", "tenant": "me", "amount": 7}
    assert run(ledger, "send", "ledger", json.dumps(grant)).returncode == 0
    reserve = ("operation=RESERVE", "tenant=me", "amount=3", "reservation=r")
    assert run(ledger, "send", "ledger", *reserve).returncode == 0
    granted, reserved = tail(ledger, 2)
    assert (granted["request_id"], granted["status"], granted["free"]) == ("by hand", "COMPLETED", 7)
    assert [reserved[field] for field in FIELDS] == [True, 7, 4, 3, 0]
    wrong = run(ledger, "send", "ledger", json.dumps({**grant, "amount": 0}))
    assert (wrong.returncode, "amount: GRANT takes 1 credit or more, found 0" in wrong.stderr) == (2, True)


async def test_the_client_keys_by_tenant(ledger: ServedLane) -> None:
    async with Client(ledger.settings) as client:
        for _ in range(2):
            grant = {"request_id": "one", "operation": "GRANT", "tenant": "client", "amount": 5, "reservation": ""}
            result = await client.infer("ledger", grant)
            assert (result["granted"], result["free"]) == (5, 5)


def test_a_wrong_key_or_partition_is_refused(ledger: ServedLane) -> None:
    record = {"request_id": "astray", "operation": "GRANT", "tenant": "astray", "amount": 5, "reservation": ""}
    value = ledger.codec("ledger", "request").encode(record)
    # One of them hashes elsewhere by CRC32, whatever the other does.
    tenants = [f"tenant-{number}" for number in range(16)]
    values = {name: ledger.codec("ledger", "request").encode({**record, "tenant": name}) for name in tenants}
    sent = ledger.send(
        [Bad(values[name], name.encode()) for name in tenants], "ledger", partitioner="consistent_random"
    )
    for name, place in zip(tenants, sent, strict=True):
        right = int(place.split(":")[1]) == partition_for(name.encode(), PARTITIONS)
        assert ledger.answer(place).field == (None if right else "partition")
    [keyless, keyed] = ledger.send([Bad(value, None), Bad(value, b"other")], "ledger")
    assert [ledger.answer(place).field for place in (keyless, keyed)] == ["key", "key"]
