"""The catalogue's corpus-review, answer by answer."""

import json
from array import array
from typing import Any

import pytest

from sagas.inputs import CommandKind
from sagas.instance import Status
from sagas.participants.index_request import IndexRequest
from tests.saga_driver import Driver
from tests.unit.sagas.definitions.driving import answer, drive

EFFECT = {"effect": True}


def begun(count: int = 3) -> Driver:
    message = {"corpus_id": "corpus", "title": "A corpus", "chunks": [f"chunk {number}" for number in range(count)]}
    return drive("corpus-review", "corpus", json.dumps(message).encode())


def vector(*numbers: float) -> dict[str, Any]:
    return {"embedding": {"dtype": "float32", "shape": [2], "data": array("f", numbers).tobytes()}, "tokens": 5}


def waiting() -> Driver:
    driver = begun()
    for index, numbers in ((1, (3.0, 0.0)), (0, (0.0, 2.0)), (2, (0.0, 2.0))):
        answer(driver, f"embed[{index}]", vector(*numbers))
    return answer(driver, "put", EFFECT)


def approve(driver: Driver, approved: bool) -> Driver:
    message = json.dumps({"approved": approved, "by": "ada", "note": "why not"}).encode()
    return driver.command(CommandKind.SIGNAL, step="approval", payload=message)


def test_its_mean_is_put_and_announced_once_approved() -> None:
    driver = waiting()
    put = driver.last("put").record
    assert list(array("f", put["embedding"]["data"])) == pytest.approx([0.6, 0.8])
    assert put["metadata"] == {"chunks": "3", "tokens": "15"}
    IndexRequest.model_validate(put)
    assert driver.status is Status.RUNNING
    assert approve(driver, True).commands() == ["announce"]
    told = json.loads(driver.last("announce").record["payload"])
    assert (told["approved_by"], told["note"], told["chunks"]) == ("ada", "why not", 3)
    assert answer(driver, "announce", {"payload": b""}).status is Status.COMPLETED


def test_so_many_chunks_are_embedded_at_once() -> None:
    driver = begun(40)
    assert len(driver.commands()) == 32
    assert answer(driver, "embed[7]", vector(1.0, 0.0)).commands() == ["embed[32]"]
    assert driver.data().chunks == ()


def test_a_refusal_takes_the_corpus_out_again() -> None:
    driver = approve(waiting(), False)
    assert driver.commands() == ["-put"]
    assert driver.last("put", undo=True).record["undo_of"] == driver.last("put").request_id
    assert answer(driver, "put", EFFECT, undo=True).status is Status.COMPENSATED


def test_silence_is_a_refusal() -> None:
    assert waiting().fire("signal/approval").commands() == ["-put"]


def test_a_chunk_that_can_not_be_embedded_ends_it() -> None:
    driver = answer(begun(2), "embed[0]", code="INVALID_ARGUMENT")
    assert answer(driver, "embed[1]", vector(1.0, 0.0)).status is Status.COMPENSATED


def test_more_chunks_than_the_bound_are_refused_by_the_loop() -> None:
    driver = begun(501)
    assert (driver.status, driver.commands()) == (Status.COMPENSATED, [])
    assert "its bound is 500" in driver.saga.reason
