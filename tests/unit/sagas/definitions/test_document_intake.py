"""The catalogue's document-intake, answer by answer."""

import json
from base64 import b64encode
from typing import Any

import pytest

from sagas.inputs import CommandKind
from sagas.instance import Status
from sagas.participants.index_request import IndexRequest
from sagas.participants.ledger_request import LedgerRequest
from tests.saga_driver import Driver
from tests.unit.sagas.definitions.driving import answer, drive

EMBEDDING = {"dtype": "float32", "shape": [2], "data": bytes(8)}
EFFECT = {"effect": True}


def begun(text: str = "a text") -> Driver:
    message = {"document_id": "doc", "tenant": "acme", "text": text, "image": b64encode(bytes(64)).decode()}
    return drive("document-intake", "doc", json.dumps(message).encode())


def read(driver: Driver) -> Driver:
    answer(driver, "reserve", EFFECT)
    answer(driver, "embed", {"embedding": EMBEDDING, "tokens": 4})
    return answer(driver, "classify", {"label": 7, "confidence": 0.9, "probabilities": None})


def test_it_completes() -> None:
    driver = begun("x" * 2_500)
    assert driver.commands() == ["reserve"]
    assert answer(driver, "reserve", EFFECT).commands() == ["embed", "classify"]
    answer(driver, "embed", {"embedding": EMBEDDING, "tokens": 4})
    assert driver.commands() == []
    assert answer(driver, "classify", {"label": 7, "confidence": 0.9, "probabilities": None}).commands() == ["put"]
    assert answer(driver, "put", EFFECT).commands() == ["charge"]
    assert answer(driver, "charge", EFFECT).commands() == ["publish"]
    assert answer(driver, "publish", {"payload": b""}).status is Status.COMPLETED
    assert driver.last("reserve").record["amount"] == 3
    assert driver.last("reserve").key == driver.last("charge").key == b"acme"
    put = driver.last("put").record
    assert (put["embedding"], put["metadata"]) == (EMBEDDING, {"tenant": "acme", "digit": "7"})
    told: dict[str, Any] = json.loads(driver.last("publish").record["payload"])
    expected = {"document_id": "doc", "tenant": "acme", "credits": 3, "tokens": 4, "digit": 7, "confidence": 0.9}
    assert told == expected
    assert (driver.data().text, driver.data().image, driver.data().embedding) == ("", b"", b"")


def test_its_commands_are_what_the_participants_take() -> None:
    driver = read(begun())
    answer(driver, "put", EFFECT)
    answer(driver, "charge", code="RESERVATION_RELEASED")
    answer(driver, "put", EFFECT, undo=True)
    for step, model, undo in (
        ("reserve", LedgerRequest, False), ("charge", LedgerRequest, False), ("reserve", LedgerRequest, True),
        ("put", IndexRequest, False), ("put", IndexRequest, True),
    ):  # fmt: skip
        model.model_validate(driver.last(step, undo=undo).record)


def test_without_credit_nothing_is_undone() -> None:
    driver = answer(begun(), "reserve", code="INSUFFICIENT_CREDIT")
    assert (driver.status, driver.commands()) == (Status.COMPENSATED, [])


@pytest.mark.parametrize("step", ["embed", "classify"])
def test_what_a_model_refuses_costs_nothing(step: str) -> None:
    driver = answer(begun(), "reserve", EFFECT)
    answer(driver, step, code="INVALID_ARGUMENT")
    other = {"embed": "classify", "classify": "embed"}[step]
    assert driver.commands() == []
    output = {"embedding": EMBEDDING, "tokens": 4} if other == "embed" else {"label": 1, "confidence": 0.5}
    assert answer(driver, other, output).commands() == ["-reserve"]
    assert driver.last("reserve", undo=True).record["operation"] == "RELEASE"
    assert answer(driver, "reserve", EFFECT, undo=True).status is Status.COMPENSATED


def test_a_document_that_is_there_is_not_put_again() -> None:
    driver = answer(read(begun()), "put", code="DOCUMENT_EXISTS")
    assert driver.commands() == ["-reserve"]


def test_a_charge_that_is_refused_undoes_the_put_first() -> None:
    driver = answer(answer(read(begun()), "put", EFFECT), "charge", code="RESERVATION_RELEASED")
    assert driver.commands() == ["-put"]
    assert driver.last("put", undo=True).record["undo_of"] == driver.last("put").request_id
    assert answer(driver, "put", EFFECT, undo=True).commands() == ["-reserve"]


def test_it_can_be_cancelled_until_it_is_charged() -> None:
    driver = read(begun()).command(CommandKind.CANCEL)
    assert driver.commands() == []
    assert answer(driver, "put", EFFECT).commands() == ["-put"]
    late = answer(read(begun()), "put", EFFECT).command(CommandKind.CANCEL)
    assert not late.answer().ok


@pytest.mark.parametrize(
    "message",
    [
        {"document_id": "doc", "tenant": "acme", "text": "x"},
        {"document_id": "doc", "tenant": "", "text": "x", "image": ""},
        {"document_id": "doc", "tenant": "acme", "text": "x" * 40_000, "image": ""},
        {"document_id": "other", "tenant": "acme", "text": "x", "image": ""},
    ],
)
def test_a_start_that_could_not_work_is_refused(message: dict[str, str]) -> None:
    driver = drive("document-intake", "doc", json.dumps(message).encode())
    assert not driver.answer().ok
    assert driver.instance is None
