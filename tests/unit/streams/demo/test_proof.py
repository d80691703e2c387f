"""The proof must fail for everything that could be wrong."""

import pytest

from streams.demo.proof import Answer, Verdict, judge

REQUESTS = {"t:0:0": "a", "t:0:1": "b"}


def answer(place: str, request_id: str, status: str = "COMPLETED") -> Answer:
    return Answer(place, {"request_id": request_id, "status": status})


def verdict(*answers: Answer) -> Verdict:
    return judge(["a", "b"], REQUESTS, answers)


GOOD = (answer("t:0:0", "a"), answer("t:0:1", "b"))


def test_one_completed_result_for_each_request_holds() -> None:
    found = verdict(*GOOD)
    assert found.holds
    assert (found.requests, found.answers) == (2, 2)


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ((GOOD[0],), "missing"),
        ((*GOOD, GOOD[1]), "twice"),
        ((*GOOD, answer("t:0:2", "b")), "twice"),
        ((*GOOD, answer("t:0:2", "c")), "strange"),
        ((answer("t:0:1", "a"), answer("t:0:0", "b")), "strange"),
        ((GOOD[0], answer("t:0:1", "b", "FAILED")), "failed"),
    ],
)
def test_anything_else_does_not(answers: tuple[Answer, ...], wrong: str) -> None:
    found = verdict(*answers)
    assert not found.holds
    assert getattr(found, wrong)


def test_a_request_that_never_reached_the_log_is_missing() -> None:
    assert judge(["a", "b", "c"], REQUESTS, GOOD).missing == ("c",)
