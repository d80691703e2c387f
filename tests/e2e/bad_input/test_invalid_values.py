"""What can be read but says something that can't be: FAILED, the field named, and no inference."""

import json
import struct
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streams.stack.testing import StackForTests
from tests.e2e.bad_input.served_lane import JSON, Bad, ServedLane, now_ms

OBLIGING = (sys.executable, str(Path(__file__).with_name("obliging_worker.py")))
Header = tuple[str, bytes | None]


class Case(NamedTuple):
    """A request, and the field that its error names; as JSON if a header says so."""

    lane: str
    record: dict[str, Any]
    field: str
    headers: tuple[Header, ...] = ()
    code: str = "INVALID_ARGUMENT"


def image(dtype: str = "float32", shape: tuple[int, ...] = (8, 8), data: bytes = bytes(256)) -> dict[str, Any]:
    """An image of digits, good unless told otherwise."""
    return {"dtype": dtype, "shape": list(shape), "data": data}


def with_pixel(value: float) -> bytes:
    """The bytes of an image with one odd pixel."""
    return struct.pack("<64f", *[0.0] * 63, value)


GOOD: dict[str, Any] = {"payload": b"payload"}
GOOD_JSON: dict[str, Any] = {"payload": b64encode(b"payload").decode()}

CASES = {
    "empty id": Case("echo", {**GOOD, "request_id": ""}, "request_id"),
    "id too long": Case("echo", {**GOOD, "request_id": "x" * 257}, "request_id"),
    "empty id in JSON": Case("echo", {**GOOD_JSON, "request_id": ""}, "request_id", (JSON,)),
    "wrong type in JSON": Case("echo", {"payload": 7}, "payload", (JSON,)),
    "null in JSON": Case("echo", {"payload": None}, "payload", (JSON,)),
    "missing in JSON": Case("echo", {}, "payload", (JSON,)),
    "unknown field in JSON": Case("echo", {**GOOD_JSON, "paylod": ""}, "paylod", (JSON,)),
    "bad base64": Case("echo", {"payload": "a*b="}, "payload", (JSON,)),
    "deadline no number": Case("echo", GOOD, "header deadline", (("deadline", b"tomorrow"),)),
    "negative deadline": Case("echo", GOOD, "header deadline", (("deadline", b"-1"),)),
    "deadline in words of another script": Case("echo", GOOD, "header deadline", (("deadline", "١٢٣".encode()),)),
    "reply-to no name": Case("echo", GOOD, "header reply-to", (("reply-to", b"../up"),), "INVALID_REPLY_TO"),
    "empty reply-to": Case("echo", GOOD, "header reply-to", (("reply-to", b""),), "INVALID_REPLY_TO"),
    "endless reply-to": Case("echo", GOOD, "header reply-to", (("reply-to", b"t" * 250),), "INVALID_REPLY_TO"),
    "no UTF-8 in reply-to": Case("echo", GOOD, "header reply-to", (("reply-to", b"\xff"),), "INVALID_REPLY_TO"),
    "headers to carry back": Case("echo", GOOD, "headers", (("x-burden", bytes(20_000)),)),
    "bad header and bad value": Case("echo", {"payload": 7}, "header deadline", (JSON, ("deadline", b"soon"))),
    "wrong shape": Case("digits", {"image": image(shape=(4, 16))}, "image"),
    "wrong rank": Case("digits", {"image": image(shape=(64,))}, "image"),
    "negative shape": Case("digits", {"image": image(shape=(-8, -8))}, "image"),
    "wrong dtype": Case("digits", {"image": image(dtype="float64", data=bytes(512))}, "image"),
    "invented dtype": Case("digits", {"image": image(dtype="O")}, "image"),
    "bytes missing": Case("digits", {"image": image(data=bytes(255))}, "image"),
    "NaN": Case("digits", {"image": image(data=with_pixel(float("nan")))}, "image"),
    "infinite": Case("digits", {"image": image(data=with_pixel(float("inf")))}, "image"),
    "out of range": Case("digits", {"image": image(data=with_pixel(17.0))}, "image"),
    "a tensor of text": Case("digits", {"image": "an image"}, "image", (JSON,)),
    "empty text": Case("embed", {"text": ""}, "text"),
    "blank text": Case("embed", {"text": " \n\t"}, "text"),
    "text too long": Case("embed", {"text": "word " * 150_000}, "text"),
    "half a surrogate pair": Case("embed", {"text": "\ud800"}, "text", (JSON,)),
}


@pytest.fixture(scope="module")
def lane(stack: StackForTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLane]:
    """Three lanes that would complete anything that reaches them."""
    logs = tmp_path_factory.mktemp("invalid")
    with ServedLane(stack, logs, names=("echo", "digits", "embed"), command=OBLIGING) as served:
        yield served


@pytest.fixture(scope="module")
def sent(lane: ServedLane) -> dict[str, tuple[str, str]]:
    """The place of each case, and of the good request after it; sent at once."""
    places: dict[str, tuple[str, str]] = {}
    for lane_name, good in (("echo", GOOD), ("digits", {"image": image()}), ("embed", {"text": "good day"})):
        codec = lane.codec(lane_name, "request")
        records, names = [], [name for name, case in CASES.items() if case.lane == lane_name]
        for name in names:
            case = CASES[name]
            record = {"request_id": f"id of {name}", **case.record}
            value = json.dumps(record).encode() if JSON in case.headers else codec.encode(record)
            after = codec.encode({"request_id": f"after {name}", **good})
            records += [Bad(value, b"key", [*case.headers, ("x-mine", name.encode())]), Bad(after)]
        written = lane.send(records, lane_name)
        places |= {name: (written[2 * at], written[2 * at + 1]) for at, name in enumerate(names)}
    return places


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_the_field_named_and_its_neighbour_is_answered(
    lane: ServedLane, sent: dict[str, tuple[str, str]], name: str
) -> None:
    case, (bad, good) = CASES[name], sent[name]
    refused = lane.answer(bad)
    request_id = case.record.get("request_id", f"id of {name}")
    assert (refused.says["status"], refused.code) == ("FAILED", case.code)
    assert refused.field == case.field
    assert refused.says["error"]["retriable"] is False
    assert refused.says["request_id"] == request_id
    assert refused.record.key == b"key"
    assert refused.record.header("x-mine") == (None if case.field == "headers" else name.encode())
    assert lane.answer(good).says["status"] == "COMPLETED"
    assert f"ran {request_id}.\n" not in lane.said()


def test_nothing_was_buried(lane: ServedLane, sent: dict[str, tuple[str, str]]) -> None:
    lane.answers([place for pair in sent.values() for place in pair])
    assert lane.letters == 0


def test_a_deadline_in_the_past_is_answered_without_inference_and_one_ahead_is_kept(lane: ServedLane) -> None:
    past, ahead = [("deadline", b"%d" % (now_ms() + seconds * 1_000)) for seconds in (-1, 3_600)]
    late, kept = lane.ask("past", headers=[past]), lane.ask("ahead", headers=[ahead])
    assert lane.answer(late).code == "DEADLINE_EXCEEDED"
    assert lane.answer(kept).says["status"] == "COMPLETED"
    assert "ran past.\n" not in lane.said()
    assert "ran ahead.\n" in lane.said()
