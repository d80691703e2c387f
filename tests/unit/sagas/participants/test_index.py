"""What an index decides."""

from typing import Any

from sagas.participants.index import Answer, Rejection, Shelf, digest_of, keys_of
from schemas.outcome import Code, Completed, Failed, Outcome

DONE, NOTHING = Completed({"effect": True}), Completed({"effect": False})


def put(key: str, document: str = "d", text: str = "words", **more: Any) -> dict[str, Any]:
    tensor = {"dtype": "uint8", "shape": [2], "data": b"ab"}
    record = {"request_id": key, "operation": "PUT", "document_id": document, "text": text, "metadata": {}}
    return {**record, "embedding": tensor, "undo_of": "", **more}


def delete(key: str, document: str = "d", undo_of: str = "") -> dict[str, Any]:
    nothing = {"text": "", "metadata": {}, "embedding": None}
    return {"request_id": key, "operation": "DELETE", "document_id": document, "undo_of": undo_of, **nothing}


def shelf() -> Shelf:
    """An index that holds nothing."""
    return Shelf({}, {})


def code(outcome: Outcome) -> str | None:
    return outcome.code if isinstance(outcome, Failed) else None


def test_a_put_and_its_undo() -> None:
    held = shelf()
    record = put("p")
    assert held.answer(record) == DONE
    assert held.put == {"d": record}
    assert held.answer(delete("u", undo_of="p")) == DONE
    assert (held.put, held.owners, held.deleted) == ({}, {}, {})


def test_a_put_whose_answer_was_forgotten_knows_its_own_document() -> None:
    held = Shelf({}, {"d": "p"})
    assert held.answer(put("p")) == DONE
    assert held.put == {}
    assert code(held.answer(put("q"))) == Rejection.DOCUMENT_EXISTS


def test_an_undo_removes_what_the_database_holds() -> None:
    held = Shelf({"p": Answer("d", digest_of(put("p")), effect=True)}, {"d": "p"})
    assert held.answer(delete("u", undo_of="p")) == DONE
    assert held.deleted == {"d": "p"}


def test_a_repeat_has_the_same_answer_and_no_effect() -> None:
    held = shelf()
    held.answer(put("p"))
    held.answer(delete("u", undo_of="p"))
    assert held.answer(put("p")) == DONE
    assert held.answer(delete("u", undo_of="p")) == DONE
    assert not held.put


def test_an_undo_that_comes_first_keeps_its_put_out() -> None:
    held = shelf()
    assert held.answer(delete("u", undo_of="p")) == NOTHING
    assert set(held.new_answers) == {"u", "p"}
    assert code(held.answer(put("p"))) == Rejection.UNDONE
    assert code(held.answer(put("p", text="other words"))) == Rejection.UNDONE
    assert not held.put
    assert held.answer(put("another")) == DONE


def test_an_undo_leaves_what_another_put() -> None:
    held = shelf()
    held.answer(put("p"))
    held.answer(delete("plain"))
    held.answer(put("q"))
    assert held.answer(delete("u", undo_of="p")) == NOTHING
    assert held.owners == {"d": "q"}


def test_a_document_of_another_request_is_not_replaced() -> None:
    held = shelf()
    held.answer(put("p"))
    refused = held.answer(put("q"))
    assert code(refused) == Rejection.DOCUMENT_EXISTS
    held.answer(delete("plain"))
    assert held.answer(put("q")) == refused


def test_the_undo_of_a_refused_put_has_nothing_to_do() -> None:
    held = shelf()
    held.answer(put("p"))
    held.answer(put("q"))
    assert held.answer(delete("u", undo_of="q")) == NOTHING
    assert held.owners == {"d": "p"}


def test_deleting_what_is_not_there_succeeds() -> None:
    assert shelf().answer(delete("plain")) == NOTHING


def test_deleting_and_putting_again_in_one_batch_does_both() -> None:
    held = Shelf({}, {"d": "p"})
    assert held.answer(delete("plain")) == DONE
    assert held.answer(put("q")) == DONE
    assert (held.deleted, set(held.put)) == ({"d": "p"}, {"d"})


def test_an_id_that_asks_for_something_else_is_refused() -> None:
    held = shelf()
    held.answer(put("p"))
    others = [
        put("p", text="other"),
        put("p", document="e"),
        put("p", metadata={"a": "b"}),
        put("p", embedding={"dtype": "uint8", "shape": [2], "data": b"ac"}),
        put("p", embedding={"dtype": "int8", "shape": [2], "data": b"ab"}),
        delete("p"),
    ]
    for other in others:
        assert code(held.answer(other)) == Code.REQUEST_ID_CONFLICT


def test_an_undo_of_another_document_is_refused() -> None:
    held = shelf()
    held.answer(put("p"))
    refused = held.answer(delete("u", document="e", undo_of="p"))
    assert isinstance(refused, Failed)
    assert (refused.code, refused.details) == (Code.INVALID_ARGUMENT, {"field": "undo_of"})
    assert held.owners == {"d": "p"}


def test_the_keys_that_matter_are_those_of_the_requests_and_of_what_they_undo() -> None:
    assert keys_of([put("p"), delete("u", undo_of="q")]) == {"p", "u", "q"}


def test_no_reason_of_its_own_has_a_name_that_all_lanes_share() -> None:
    assert not set(Rejection) & set(Code)
