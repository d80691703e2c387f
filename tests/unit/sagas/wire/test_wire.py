"""Records of sagas: they fit their schemas, and come back as they were."""

import pytest

from sagas import values
from sagas.effects import AttentionRaised, Ended
from sagas.errors import HistoryError
from sagas.events import EventKind, HistoryEvent
from sagas.flow import seq
from sagas.inputs import CommandKind
from sagas.instance import Direction, Status
from sagas.wire.history import decode_event, encode_event, event_from, event_record
from sagas.wire.instance import decode_instance, encode_instance
from sagas.wire.messages import (
    SagaCommand,
    attention_record,
    command_from,
    definition_key,
    definition_record,
    outcome_record,
)
from sagas.wire.schema import schema
from schemas.conformity import conforms
from schemas.decoder import decoder_for
from schemas.encoder import encoder_for
from schemas.errors import InvalidArgument, Unreadable
from schemas.result import result_problems
from tests.saga_definitions import add_step, new_saga
from tests.saga_driver import Driver

RECORDS = ("request", "result", "outcome", "history", "attention", "definition", "instance")


def driver() -> Driver:
    saga = new_saga()
    saga.flow = seq(add_step(saga, "a"), add_step(saga, "b"))
    return Driver(saga)


@pytest.mark.parametrize("record", RECORDS)
def test_every_schema_is_compiled_for_reading_and_writing(record: str) -> None:
    made = schema(record)
    assert encoder_for(made).__code__.co_filename == f"<encoder of {made.name}>"
    assert decoder_for(made, made).__code__.co_filename == f"<decoder of {made.name}>"


def test_the_command_s_model_says_the_same_as_its_schema() -> None:
    assert conforms(SagaCommand, schema("request")) == []


def test_the_result_is_one_as_every_lane_has() -> None:
    assert result_problems(schema("result")) == []


def test_a_command_is_read() -> None:
    record = {
        "request_id": "r",
        "saga_id": "one",
        "kind": "SIGNAL",
        "step": "approval",
        "payload": b"{}",
        "actor": "ada",
    }
    record = decoder_for(schema("request"), schema("request"))(encoder_for(schema("request"))(record))
    assert SagaCommand.check(record).kind is CommandKind.SIGNAL
    command = command_from(record)
    assert (command.kind, command.step, command.payload, command.actor, command.request_id) == (
        CommandKind.SIGNAL, "approval", b"{}", "ada", "r",
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"saga_id": ""},
        {"saga_id": "x" * 257},
        {"kind": "STOP"},
        {"version": -1},
        {"step": "x" * 201},
        {"saga": "x" * 201},
        {"actor": "x" * 201},
        {"reason": "x" * 1_001},
        {"reason": "\ud800"},
        {"more": 1},
    ],
)
def test_a_malformed_command_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        SagaCommand.check({"request_id": "r", "saga_id": "one", "kind": "CANCEL", **wrong})


def test_a_state_comes_back_as_it_was() -> None:
    made = driver().start().done("a").reply("b", code="INVALID_ARGUMENT").reply("a", code="NO", undo=True)
    made.saga.paused["x"] = 5
    made.saga.choices["w"] = True
    assert decode_instance(encode_instance(made.saga)) == made.saga


def test_bytes_that_are_no_state_are_refused() -> None:
    with pytest.raises(Unreadable):
        decode_instance(b"\x00\x01")


def test_an_event_comes_back_as_it_was() -> None:
    event = HistoryEvent(
        "one", 7, 3, 5, "order", 1, "hash", EventKind.STEP_DONE, "a", 2, "ada", "why", {"at": [1, 2.5, None]},
        b"{}", b"[1]",
    )  # fmt: skip
    assert decode_event(encode_event(event)) == event


def test_an_event_that_nobody_knows_is_named() -> None:
    record = event_record(driver().start().history[0])
    with pytest.raises(HistoryError, match="'step_imagined' is unknown here"):
        event_from({**record, "event": "step_imagined"})


def test_an_event_whose_body_is_no_json_is_named() -> None:
    record = event_record(driver().start().history[0])
    with pytest.raises(HistoryError, match="the body of event 0 of saga 'one' is no JSON"):
        event_from({**record, "body": b"{"})


def test_event_kinds_keep_their_names() -> None:
    assert " ".join(EventKind) == (
        "started step_sent step_done step_rejected step_failed step_in_doubt step_upgraded step_skipped undo_sent"
        " undo_done undo_failed undo_skipped late_reply branch_chosen items_listed results_collected signal_awaited"
        " signal_received signal_taken signal_declined signal_timed_out deadline_passed compensating parked resumed"
        " completed compensated aborted forgotten"
    )


def test_what_is_published_fits_its_schema() -> None:
    ended = Ended("order", 1, 7, Status.COMPENSATED, b"{}", "why", 1, 2)
    raised = AttentionRaised("order", 1, 5, "a", Direction.BACKWARD, "why")
    (compiled,) = driver().compiled
    assert encoder_for(schema("outcome"))(outcome_record("one", ended))
    assert encoder_for(schema("attention"))(attention_record("one", raised))
    assert encoder_for(schema("definition"))(definition_record(compiled))
    assert definition_key("order", 1) == b"order/1"
    assert values.loads(definition_record(compiled)["form"].encode()) == compiled.form()
