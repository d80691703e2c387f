"""Results: every lane's has the same frame around its own output."""

from typing import Any

import pytest

from schemas import avsc
from schemas.avro_schema import AvroSchema
from schemas.encoder import encoder_for
from schemas.outcome import Code, Completed, Failed
from schemas.result import result_problems, result_record


@pytest.mark.parametrize("lane", avsc.lanes())
def test_result_schemas_share_their_frame(lane: str) -> None:
    assert result_problems(avsc.load(lane, "result")) == []


@pytest.mark.parametrize("lane", avsc.lanes())
def test_request_schemas_begin_with_the_request_id(lane: str) -> None:
    first = avsc.load(lane, "request").definition["fields"][0]
    assert (first["name"], first["type"]) == ("request_id", "string")


@pytest.mark.parametrize("lane", avsc.lanes())
def test_a_failure_fits_every_result_schema(lane: str) -> None:
    failed = Failed(Code.PROCESSOR_FAILED, "it broke", details={"where": "here"})
    assert encoder_for(avsc.load(lane, "result"))(result_record("one", failed, "m", "1", 1.0, 0.0))


def test_a_completion_has_the_output_and_no_error() -> None:
    record = result_record("one", Completed({"payload": b"x", "status": "FAILED"}), "m", "1", 1.5, 0.5)
    assert record == {
        "request_id": "one",
        "status": "COMPLETED",
        "payload": b"x",
        "error": None,
        "model": "m",
        "model_version": "1",
        "queue_ms": 1.5,
        "compute_ms": 0.5,
    }


def test_a_failure_has_its_code_and_no_output() -> None:
    record = result_record("one", Failed(Code.OUT_OF_MEMORY, "too big", retriable=True), "m", "1", 0.0, 0.0)
    assert record["status"] == "FAILED"
    assert record["error"] == {"code": "OUT_OF_MEMORY", "message": "too big", "retriable": True, "details": {}}


def test_a_schema_without_the_frame_is_told_what_it_lacks() -> None:
    fields: list[dict[str, Any]] = [{"name": "status", "type": "string"}, {"name": "label", "type": "int"}]
    padding = [{"name": f"f{serial}", "type": "int"} for serial in range(6)]
    schema = AvroSchema.read({"type": "record", "name": "Bare", "fields": [*fields, *padding]})
    found = result_problems(schema)
    assert found[0].startswith("Bare must begin with request_id, status, found status, label")
    assert found[1].startswith("Bare must end with error, model")
    assert found[2].startswith("Bare.f0 must be nullable")
