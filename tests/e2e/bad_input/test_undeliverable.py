"""What can't be produced is answered otherwise, or left out, and never aborts a transaction for ever."""

from collections.abc import Iterator

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from schemas.envelope import MAX_CORRELATION
from streams.stack.testing import StackForTests
from tests.e2e.bad_input.served_lane import JSON, Answer, Bad, ServedLane

RESULTS_LIMIT, LETTERS_LIMIT = 60_000, 80_000
STUB = "x-sluicegate-omitted"


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An echo lane whose results and dead letters may be far smaller than its requests."""
    results = stack.new_topic("results", config={"max.message.bytes": str(RESULTS_LIMIT)})
    topics = {"dead_letter_max_message_bytes": LETTERS_LIMIT}
    with ServedLane(stack, tmp_path_factory.mktemp("undeliverable"), results=results, topics=topics) as served:
        yield served


@pytest.fixture
def calm(lane: ServedLane) -> Iterator[ServedLane]:
    """The lane, for a test in which no transaction may abort; at its end a good request is still answered."""
    before = lane.said().count("transaction aborted")
    yield lane
    assert goes_on(lane)
    assert lane.said().count("transaction aborted") == before


def goes_on(lane: ServedLane) -> bool:
    """Whether a good request is answered."""
    return bool(lane.answer(lane.ask("still there?", b"yes")).says["status"] == "COMPLETED")


def asked_back(lane: ServedLane, topic: str, payload: bytes = b"", key: bytes | None = b"key") -> Answer:
    """The answer to a request that wants it on this topic."""
    value = lane.request(f"to {topic} {len(payload)}", payload)
    return lane.answer(lane.send([Bad(value, key, [("reply-to", topic.encode()), ("x-mine", b"1")])])[0])


def test_a_result_over_the_topics_limit(calm: ServedLane) -> None:
    refused = calm.answer(calm.ask("too large", bytes(RESULTS_LIMIT), headers=[("x-mine", b"1")]))
    assert refused.code == "RESULT_TOO_LARGE"
    assert str(RESULTS_LIMIT) in refused.says["error"]["message"]
    assert refused.record.header("x-mine") == b"1"


def test_a_result_that_its_headers_make_too_large_is_told_from_one_that_just_fits(calm: ServedLane) -> None:
    burden = [("x-burden", bytes(16_000))]
    close, over = RESULTS_LIMIT - 17_000, RESULTS_LIMIT - 16_000
    fits, refused = calm.answers([calm.ask(f"{size}", bytes(size), headers=[*burden]) for size in (close, over)])
    assert fits.says["status"] == "COMPLETED"
    assert refused.code == "RESULT_TOO_LARGE"


def test_many_short_headers_take_more_than_their_names(calm: ServedLane) -> None:
    """Each returns with two bytes that say how long it is, so that they double."""
    burden = [("x-", b"")] * (MAX_CORRELATION // 2)
    place = calm.ask("short", bytes(RESULTS_LIMIT - 2 * MAX_CORRELATION - 100), headers=[*burden])
    assert calm.answer(place).code == "RESULT_TOO_LARGE"


def test_a_key_that_leaves_no_room_for_any_result(calm: ServedLane) -> None:
    place = calm.send([Bad(calm.request("large key"), bytes(RESULTS_LIMIT))])[0]
    refused = calm.answer(place)
    assert refused.code == "RESULT_TOO_LARGE"
    assert refused.says["request_id"] == "large key"
    assert refused.record.key is None


@pytest.mark.parametrize("headers", [[], [JSON]])
def test_a_request_id_that_leaves_no_room_for_any_result(calm: ServedLane, headers: list[tuple[str, bytes]]) -> None:
    endless = "id" * RESULTS_LIMIT
    value = b'{"request_id": "%s", "payload": ""}' % endless.encode() if headers else calm.request(endless)
    refused = calm.answer(calm.send([Bad(value, b"key", [*headers])])[0])
    assert refused.says["status"] == "FAILED"
    assert endless.startswith(refused.says["request_id"])


@pytest.mark.parametrize("name", ["no-such-topic", "__consumer_offsets", "__transaction_state"])
def test_a_reply_topic_that_is_missing_or_kafkas_own(calm: ServedLane, name: str) -> None:
    refused = asked_back(calm, name)
    assert refused.code == "INVALID_REPLY_TO"
    assert name in refused.says["error"]["message"]
    assert (refused.record.topic, refused.record.header("x-mine")) == (calm.binding().results, b"1")


@pytest.mark.parametrize("kind", ["requests", "repeats", "control", "dead_letters"])
def test_a_reply_topic_that_the_lane_itself_depends_on(calm: ServedLane, kind: str) -> None:
    """An answer among them would be read as something else."""
    found = getattr(calm.binding(), kind)
    refused = asked_back(calm, found[0] if kind == "requests" else found)
    assert refused.code == "INVALID_REPLY_TO"


def test_a_reply_topic_with_a_small_limit_gets_a_small_answer(calm: ServedLane, stack: StackForTests) -> None:
    small = stack.new_topic("small", config={"max.message.bytes": "2000"})
    calm.watch(small)
    assert asked_back(calm, small, b"fits").says["status"] == "COMPLETED"
    refused = asked_back(calm, small, bytes(5_000))
    assert (refused.code, refused.record.topic) == ("RESULT_TOO_LARGE", small)


def test_a_repeat_that_its_reply_topic_has_no_room_for_leaves_the_answer_known(
    calm: ServedLane, stack: StackForTests
) -> None:
    small = stack.new_topic("small", config={"max.message.bytes": "2000"})
    calm.watch(small)
    payload = bytes(3_000)
    first = calm.answer(calm.ask("roomy", payload))
    assert calm.answer(calm.ask("roomy", payload, headers=[("reply-to", small.encode())])).code == "RESULT_TOO_LARGE"
    again = calm.answer(calm.ask("roomy", payload))
    assert (again.record.value, again.replayed) == (first.record.value, True)


def test_a_reply_topic_that_no_answer_fits(calm: ServedLane, stack: StackForTests) -> None:
    tiny = stack.new_topic("tiny", config={"max.message.bytes": "100"})
    refused = asked_back(calm, tiny)
    assert (refused.code, refused.record.topic) == ("INVALID_REPLY_TO", calm.binding().results)


@pytest.mark.parametrize("payload", [b"", bytes(40_000)])
def test_a_reply_topic_that_refuses_records_without_a_key(
    lane: ServedLane, stack: StackForTests, payload: bytes
) -> None:
    """Nobody knows before the cluster says so, and then once is enough; also of an answer that is kept elsewhere."""
    compacted = stack.new_topic("compacted", config={"cleanup.policy": "compact"})
    refused = asked_back(lane, compacted, payload, key=None)
    assert (refused.code, refused.record.topic) == ("INVALID_REPLY_TO", lane.binding().results)
    assert goes_on(lane)


def test_a_reply_topic_that_vanishes(lane: ServedLane, stack: StackForTests) -> None:
    """It was known to be there; its answers go to the results from then on."""
    fleeting = stack.new_topic("fleeting")
    lane.watch(fleeting)
    assert asked_back(lane, fleeting, b"1").record.topic == fleeting
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.delete_topics([fleeting])[fleeting].result(10)
    refused = asked_back(lane, fleeting, b"22")
    assert (refused.code, refused.record.topic) == ("INVALID_REPLY_TO", lane.binding().results)
    assert goes_on(lane)


def test_a_limit_that_was_lowered_meanwhile(lane: ServedLane, stack: StackForTests) -> None:
    results = lane.binding().results
    assert lane.answer(lane.ask("before", bytes(20_000))).says["status"] == "COMPLETED"
    limit(stack, results, 10_000)
    try:
        assert lane.answer(lane.ask("after", bytes(20_000))).code == "RESULT_TOO_LARGE"
        assert goes_on(lane)
    finally:
        limit(stack, results, RESULTS_LIMIT)


def limit(stack: StackForTests, topic: str, size: int) -> None:
    """Sets the largest record that a topic takes."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.incremental_alter_configs([resource])[resource].result(10)


@pytest.mark.parametrize(
    ("value", "key", "headers"),
    [
        pytest.param(bytes(1) * LETTERS_LIMIT, b"key", [("x-mine", b"1")], id="a large record"),
        pytest.param(b"?????", b"key", [("x-mine", bytes(LETTERS_LIMIT))], id="large headers"),
        pytest.param(b"?" * (LETTERS_LIMIT - 500), b"key", [], id="it fitted before it had its reasons"),
        pytest.param(b"?????", b"k" * LETTERS_LIMIT, [], id="a large key"),
    ],
)
def test_a_dead_letter_that_outgrows_its_limit_keeps_its_reason_and_place(
    calm: ServedLane, value: bytes, key: bytes, headers: list[tuple[str, bytes | None]]
) -> None:
    place = calm.send([Bad(value, key, headers)])[0]
    letter, info = calm.letter(place)
    assert letter.value is None
    assert (letter.header(STUB) or b"").startswith(f"{len(value)} bytes omitted".encode())
    assert letter.key == (key if len(key) < LETTERS_LIMIT else None)
    assert letter.header("x-mine") is None
    assert ("0x3f" in info.reason) == value.startswith(b"?")
