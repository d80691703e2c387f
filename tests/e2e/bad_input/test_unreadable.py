"""What can't be read becomes a dead letter, whole, with Kafka Connect's headers; the partition goes on."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from streams.stack.testing import StackForTests
from tests.e2e.bad_input.served_lane import JSON, WITHIN, Bad, ServedLane

ODD_HEADERS = [("trace", b"\x00\xff"), ("twice", b"1"), ("twice", b"2"), ("none", None), ("x-mine", b"kept")]


class Case(NamedTuple):
    """How a good request is spoilt, with which headers, and what the reason says."""

    spoil: Callable[[bytes], bytes | None]
    reason: str
    headers: list[tuple[str, bytes | None]] = ODD_HEADERS
    key: bytes | None = b"key"


CASES = {
    "not Avro": Case(lambda good: b"hello, is anybody there?", "first byte is 0x68"),
    "empty": Case(lambda good: b"", "too few"),
    "only a part of the id": Case(lambda good: good[:4], "too few"),
    "wrong magic byte": Case(lambda good: b"\x01" + good[1:], "first byte is 0x01"),
    "unknown schema id": Case(lambda good: b"\x00\x7f\x00\x00\x00" + good[5:], "is not in the registry"),
    "negative schema id": Case(lambda good: b"\x00\xff\x00\x00\x00" + good[5:], "negative"),
    "no body": Case(lambda good: good[:5], "end too early"),
    "truncated": Case(lambda good: good[:-3], "3 bytes are missing"),
    "bytes left over": Case(lambda good: good + b"\x00\x00", "2 bytes are left over"),
    "huge length": Case(lambda good: good[:5] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", "end too early"),
    "negative length": Case(lambda good: good[:5] + b"\x01" + good[6:], "length is negative"),
    "no UTF-8": Case(lambda good: good[:5] + b"\x02\xff\x00", "Unicode"),
    "tombstone": Case(lambda good: None, "tombstone"),
    "no key and no headers": Case(lambda good: good[:-1], "missing at the end", [], None),
    "not JSON": Case(lambda good: b"{", "not JSON", [JSON, *ODD_HEADERS]),
    "a list in JSON": Case(lambda good: b"[1]", "found list", [JSON]),
    "no request id in JSON": Case(lambda good: b'{"payload": ""}', "request_id", [JSON]),
    "nested JSON": Case(lambda good: b"[" * 100_000, "not JSON", [JSON]),
    "a number without end in JSON": Case(lambda good: b'{"request_id": ' + b"9" * 5_000 + b"}", "not JSON", [JSON]),
    "Avro that says JSON": Case(lambda good: good, "not JSON", [JSON]),
    "a bad deadline as well": Case(lambda good: good[:-1], "missing at the end", [("deadline", b"soon")]),
}


class Sent(NamedTuple):
    """A spoilt record, where it went, and where the good request after it went."""

    bad: Bad
    place: str
    good: str


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """An echo lane of one partition."""
    with ServedLane(stack, tmp_path_factory.mktemp("unreadable")) as served:
        yield served


@pytest.fixture(scope="module")
def sent(lane: ServedLane) -> dict[str, Sent]:
    """All cases, each with a good request behind it, sent at once."""
    records = []
    for name, case in CASES.items():
        good = lane.request(name, b"payload")
        records += [Bad(case.spoil(good), case.key, case.headers), Bad(lane.request(f"after {name}", b"still here"))]
    places = lane.send(records)
    return {name: Sent(records[2 * at], places[2 * at], places[2 * at + 1]) for at, name in enumerate(CASES)}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.timeout(2 * WITHIN)
def test_it_becomes_a_dead_letter_as_it_was_and_the_next_request_is_answered(
    lane: ServedLane, sent: dict[str, Sent], name: str
) -> None:
    bad, place, good = sent[name]
    letter, info = lane.letter(place)
    assert letter.value == bad.value
    assert letter.key == bad.key
    assert letter.headers[: len(bad.headers)] == bad.headers
    assert f"{info.topic}:{info.partition}:{info.offset}" == place
    assert CASES[name].reason in info.reason
    assert (info.lane, info.stage) == ("echo", "VALUE_CONVERTER")
    assert info.exception == "schemas.errors.Unreadable"
    assert info.timestamp is not None
    assert info.timestamp > 1_700_000_000_000
    assert (letter.header("__connect.errors.exception.stacktrace") or b"").startswith(b"schemas.errors.Unreadable: ")
    assert lane.answer(good).says["payload"] == b"still here"


def test_nothing_else_was_buried_and_the_worker_never_stumbled(lane: ServedLane, sent: dict[str, Sent]) -> None:
    for one in sent.values():
        lane.letter(one.place)
        lane.answer(one.good)
    assert lane.letters == len(CASES)
    assert lane.worker.is_running()
    assert "trying again" not in lane.said()
    assert "transaction aborted" not in lane.said()
