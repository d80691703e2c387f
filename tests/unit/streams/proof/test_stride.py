"""The checker that remembers one number of each key sees what the one that remembers everything sees."""

from hypothesis import given
from hypothesis import strategies as st

from streams.proof.asked import Asked
from streams.proof.ledger import Answer
from streams.proof.stride import Stride

SENT = {"a": 5, "b": 3}


def answer(key: str, number: int, **changes: object) -> Answer:
    asked = Asked(key, number)
    fields = {"status": "COMPLETED", "payload": asked.payload, "replayed": False, "moment": float(number), **changes}
    return Answer(asked.request_id, ce_id="", partition=0, offset=0, **fields)  # type: ignore[arg-type]


def noted(answers: list[Answer]) -> Stride:
    stride = Stride()
    for one in answers:
        stride.note(one)
    return stride


def right() -> list[Answer]:
    return [answer(key, number) for key, count in SENT.items() for number in range(count)]


def test_each_answered_once_and_in_order_holds() -> None:
    verdict = noted(right()).verdict(SENT)
    assert verdict.holds
    assert (verdict.asked, verdict.answers, verdict.longest_gap) == (8, 8, 1.0)


@given(st.integers(0, 7))
def test_one_that_comes_twice_is_a_duplicate(place: int) -> None:
    answers = right()
    verdict = noted([*answers[: place + 1], answers[place], *answers[place + 1 :]]).verdict(SENT)
    assert (verdict.duplicates, verdict.missing) == (1, 0)


@given(st.integers(0, 7))
def test_one_that_does_not_come_is_missing(place: int) -> None:
    answers = right()
    verdict = noted(answers[:place] + answers[place + 1 :]).verdict(SENT)
    assert (verdict.duplicates, verdict.missing) == (0, 1)


def test_two_that_change_places_are_seen() -> None:
    answers = right()
    answers[1], answers[2] = answers[2], answers[1]
    assert not noted(answers).verdict(SENT).holds


def test_another_answer_than_the_right_one_and_one_to_nobody_are_seen() -> None:
    assert noted([*right()[:7], answer("b", 2, status="FAILED")]).verdict(SENT).wrong == 1
    assert noted([*right()[:7], answer("b", 2, replayed=True)]).verdict(SENT).wrong == 1
    assert noted([*right(), answer("b", 3)]).verdict(SENT).strangers == 1
    assert noted([*right(), answer("c", 0)]).verdict(SENT).strangers == 1
