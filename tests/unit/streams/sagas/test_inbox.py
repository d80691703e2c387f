import json

import pytest

from sagas.inputs import CommandKind
from schemas.dead_letter import parse
from schemas.envelope import NO_HEADERS
from schemas.outcome import Code, Completed, Failed
from schemas.result import result_record
from streams.sagas.asking import command
from streams.sagas.inbox import COMMAND, InboxEntry
from tests.e2e.saga_worker import CATALOGUE
from tests.unit.streams.sagas.lane_of_sagas import NOW, LaneOfSagas

JSON = [("content-type", b"application/json")]


@pytest.fixture
def lane() -> LaneOfSagas:
    return LaneOfSagas(CATALOGUE)


def test_records_are_told_apart_by_the_schema_they_are_written_with(lane: LaneOfSagas) -> None:
    asked = lane.start("three-echoes", "a")
    assert isinstance(asked, InboxEntry)
    assert asked.type_name == COMMAND
    replied = lane.reply(lane.sent(lane.handle(asked))[0])
    assert isinstance(replied, InboxEntry)
    assert replied.type_name == "sluicegate.echo.EchoResult"
    assert replied.record["payload"] == b"one hello"


def test_a_command_may_be_json(lane: LaneOfSagas) -> None:
    record = {"request_id": "r", "saga_id": "a", "kind": "CANCEL", "saga": "", "version": 0, "payload": "",
              "step": "", "actor": "", "reason": ""}  # fmt: skip
    entry = lane.admit(lane.home("a"), b"a", json.dumps(record).encode(), JSON)
    assert entry.record["kind"] == "CANCEL"
    assert entry.outcome is None
    assert entry.dead_letter is None


@pytest.mark.parametrize(
    ("value", "why"),
    [(None, "tombstone"), (b"", "too few"), (b"\x01\x00\x00\x00\x01", "0x01"), (b"{}", "too few")],
)
def test_what_can_not_be_read_is_a_dead_letter(lane: LaneOfSagas, value: bytes | None, why: str) -> None:
    entry = lane.admit(lane.partitions[0], b"k", value, [("x-mine", b"1")])
    assert entry.dead_letter is not None
    found = parse(entry.dead_letter.headers)
    assert found is not None
    assert why in found.reason
    assert entry.dead_letter.value == value
    assert ("x-mine", b"1") in entry.dead_letter.headers


def test_a_record_that_is_neither_command_nor_reply_is_a_dead_letter(lane: LaneOfSagas) -> None:
    sent = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    entry = lane.admit(lane.home("a"), b"a", sent.value)
    assert entry.dead_letter is not None
    found = parse(entry.dead_letter.headers)
    assert found is not None
    assert "sluicegate.echo.EchoRequest is neither a command" in found.reason


@pytest.mark.parametrize("name", ["deadline", "reply-to"])
@pytest.mark.parametrize("text", [b"1", b"a b"])
def test_a_reply_asks_for_nothing_with_its_headers(lane: LaneOfSagas, name: str, text: bytes) -> None:
    """Neither the first of its type, whose schema is not known yet, nor those after it."""
    sent = lane.sent(lane.handle(lane.start("three-echoes", "a")))[0]
    asked, record = lane.decode(sent.value or b""), Completed({"payload": b"x"})
    value = lane.echoed.encode(result_record(asked["request_id"], record, "echo", "1", 0.0, 0.0))
    for _ in range(2):
        entry = lane.admit(lane.home("a"), b"a", value, [(name, text)])
        assert isinstance(entry, InboxEntry)
        assert (entry.dead_letter, entry.outcome, entry.envelope) == (None, None, NO_HEADERS)
        assert entry.record["payload"] == b"x"


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"saga_id": ""}, "saga_id"), ({"saga_id": "x" * 300}, "saga_id"), ({"request_id": ""}, "request_id"),
     ({"version": -1}, "version"), ({"reason": "y" * 2_000}, "reason")],
)  # fmt: skip
def test_wrong_values_of_a_command_are_answered(lane: LaneOfSagas, fields: dict[str, object], field: str) -> None:
    record = {**command(CommandKind.CANCEL, "a"), **fields}
    entry = lane.admit(lane.home("a"), b"a", lane.commands.encode(record))
    assert isinstance(entry.outcome, Failed)
    assert entry.outcome.code is Code.INVALID_ARGUMENT
    assert entry.outcome.details["field"] == field


def test_a_command_with_a_wrong_header_is_answered(lane: LaneOfSagas) -> None:
    value = lane.commands.encode(command(CommandKind.CANCEL, "a", request_id="r"))
    entry = lane.admit(lane.home("a"), b"a", value, [("deadline", b"soon")])
    assert isinstance(entry.outcome, Failed)
    assert entry.record["request_id"] == "r"


def test_a_late_command_is_answered_so(lane: LaneOfSagas) -> None:
    value = lane.commands.encode(command(CommandKind.CANCEL, "a"))
    entry = lane.admit(lane.home("a"), b"a", value, [("deadline", b"%d" % NOW)])
    assert isinstance(entry.outcome, Failed)
    assert entry.outcome.code is Code.DEADLINE_EXCEEDED


def test_a_command_on_the_wrong_partition_is_refused(lane: LaneOfSagas) -> None:
    """Or the saga would have two states, and two writers."""
    away = lane.partitions[(lane.home("a").number + 1) % len(lane.partitions)]
    entry = lane.admit(away, b"other", lane.commands.encode(command(CommandKind.CANCEL, "a")))
    assert isinstance(entry.outcome, Failed)
    assert "murmur2" in entry.outcome.message


def test_json_that_is_no_command(lane: LaneOfSagas) -> None:
    wrong = json.dumps({"request_id": "r", "saga_id": 7}).encode()
    entry = lane.admit(lane.home("a"), b"a", wrong, JSON)
    assert isinstance(entry.outcome, Failed)
    assert entry.record == {"request_id": "r"}
    assert lane.admit(lane.home("a"), b"a", b"[1]", JSON).dead_letter is not None


def test_a_record_that_the_client_could_not_take_apart(lane: LaneOfSagas) -> None:
    entry = lane.inbox.bury_unread(lane.partitions[0], "bad compression")
    assert entry.dead_letter is not None
