"""The record that answers an entry: alone and in a micro-batch, small, large, and too large."""

from typing import Any

import pytest

from schemas import avsc
from schemas.codec import Codec
from schemas.envelope import Envelope
from schemas.outcome import Code, Completed, Failed, Outcome
from schemas.subjects import subject
from schemas.testing import MemoryRegistry
from streams.answering import HEADROOM, Answering
from streams.binding import bind
from streams.entry import Entry
from streams.output import Output
from streams.partition import Partition
from streams.repeats.answer import Answer
from streams.repeats.book import AnswerBook, Bounds
from streams.settings import Settings

BINDING = bind(Settings(), "echo")
PARTITION = Partition(BINDING.requests[0], 2, AnswerBook(Bounds(10, 1_000, 1_000)))
NOW, TIME = 5_000, b"2026-11-21T00:00:00.000Z"


@pytest.fixture
def codec() -> Codec:
    registry, schema = MemoryRegistry(), avsc.load("echo", "result")
    registry.register(subject(BINDING.results), schema)
    made = Codec(schema, subject(BINDING.results), registry)
    made.bind()
    return made


def answering(codec: Codec, limit: int = 1 << 20) -> Answering:
    def problem(topic: str) -> str | None:
        return None if topic == "mine" else f"reply-to {topic!r}: there is no such topic"

    return Answering(BINDING, codec, "echo", "1", lambda topic: limit, problem, lambda topic, why: None)


def entry(outcome: Outcome | None = None, **attributes: Any) -> Entry:
    made = Entry(PARTITION, 7, 4_000, b"key", 10)
    made.record = {"request_id": "one", "payload": b"p"}
    made.id_digest = made.payload_digest = bytes(16)
    made.envelope = Envelope(correlation=[("x-a", b"1")])
    made.outcome = outcome
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def kinds() -> list[Entry]:
    return [
        entry(Completed({"payload": b"p"})),
        entry(Completed({"payload": None}), timestamp=NOW + 1_000),
        entry(Completed({"payload": b"p"}), key=None),
        entry(Completed({"payload": bytes(50_000)})),
        entry(Failed(Code.PROCESSOR_FAILED, "no")),
        entry(replay=Answer(bytes(16), 0, b"earlier", None, False)),
        entry(Completed({"payload": b"p"}), envelope=Envelope(reply_to="mine", reply_key=b"rk")),
        entry(Completed({"payload": b"p"}), envelope=Envelope(reply_to="none")),
        entry(dead_letter=Output("dead", b"v", b"k", -1, [("h", b"1")])),
    ]


def state(one: Entry) -> tuple[Any, ...]:
    return one.answered, one.answer, one.sealed, one.large, one.outcome


def test_a_micro_batch_is_answered_as_its_entries_are_alone(codec: Codec) -> None:
    lane, together, alone = answering(codec), kinds(), kinds()
    outputs = lane.answer_all(together, NOW, TIME, 1.5)
    assert outputs == [lane.answer(one, NOW, TIME, 1.5) for one in alone]
    assert [state(one) for one in together] == [state(one) for one in alone]


def test_a_completed_result_has_its_request_s_place_and_correlation(codec: Codec) -> None:
    (output,) = answering(codec).answer_all([entry(Completed({"payload": b"p"}))], NOW, TIME, 1.5)
    assert output is not None
    assert (output.topic, output.key, output.partition) == (BINDING.results, b"key", -1)
    assert output.headers == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"sluicegate.echo.requests:2:7"),
        ("ce_source", b"/sluicegate/echo"),
        ("ce_type", b"sluicegate.echo.outcome"),
        ("ce_time", TIME),
        ("content-type", b"application/avro"),
        ("x-a", b"1"),
    ]
    assert codec.decode(output.value) == {
        "request_id": "one",
        "status": "COMPLETED",
        "payload": b"p",
        "error": None,
        "model": "echo",
        "model_version": "1",
        "queue_ms": 1_000.0,
        "compute_ms": 1.5,
    }


def test_a_silent_entry_has_no_answer(codec: Codec) -> None:
    assert answering(codec).answer_all([entry(silent=True)], NOW, TIME, 0.0) == [None]


def test_a_result_over_the_topic_s_limit_fails_small(codec: Codec) -> None:
    one = entry(Completed({"payload": bytes(HEADROOM)}))
    (output,) = answering(codec, HEADROOM).answer_all([one], NOW, TIME, 0.0)
    assert output is not None
    assert output.size <= HEADROOM
    assert codec.decode(output.value)["error"]["code"] == "RESULT_TOO_LARGE"
    assert isinstance(one.outcome, Failed)


def test_a_result_near_the_limit_is_measured_and_fits(codec: Codec) -> None:
    (output,) = answering(codec, HEADROOM).answer_all([entry(Completed({"payload": b"p"}))], NOW, TIME, 0.0)
    assert output is not None
    assert codec.decode(output.value)["status"] == "COMPLETED"


@pytest.mark.parametrize("envelope", [Envelope(), Envelope(reply_to="mine")], ids=["results", "reply-to"])
@pytest.mark.parametrize("payload", ["no bytes", 5, "\ud800"])
def test_an_output_that_does_not_fit_its_schema_fails_its_request_alone(
    codec: Codec, envelope: Envelope, payload: object
) -> None:
    """Tried again, it would not fit either, and hold its partition up for ever."""
    bad, good = entry(Completed({"payload": payload}), envelope=envelope), entry(Completed({"payload": b"p"}))
    first, second = answering(codec).answer_all([bad, good], NOW, TIME, 1.5)
    assert first is not None
    assert second is not None
    assert isinstance(bad.outcome, Failed)
    assert (bad.outcome.code, bad.outcome.details) == (Code.PROCESSOR_FAILED, {"field": "payload"})
    assert bad.sealed is not None, "it is final: a repeat gets it again"
    assert good.outcome == Completed({"payload": b"p"})


def test_a_failure_that_quotes_what_no_utf_8_text_may_have_is_written(codec: Codec) -> None:
    said = Failed(Code.INVALID_ARGUMENT, "\ud800: there is no such field", details={"field": "\ud800", "\udfff": "x"})
    (output,) = answering(codec).answer_all([entry(said)], NOW, TIME, 0.0)
    assert output is not None
    record = codec.decode(output.value)
    assert record["error"]["message"] == "?: there is no such field"
    assert record["error"]["details"] == {"field": "?", "?": "x"}
