"""The checker sees every way in which the promise can be broken, and nothing where it holds."""

from dataclasses import replace

import pytest

from streams.proof.asked import Asked
from streams.proof.ledger import Answer, Ledger, Outage, Verdict

ASKED = [Asked("a", 0), Asked("b", 0), Asked("a", 1)]
PLACES = {asked.request_id: f"asked:0:{offset}" for offset, asked in enumerate(ASKED)}


def answer(asked: Asked, offset: int, moment: float = 0.0) -> Answer:
    place = PLACES.get(asked.request_id, "asked:9:9")
    return Answer(asked.request_id, "COMPLETED", asked.payload, place, 0, offset, False, moment)


GOOD = [answer(asked, offset) for offset, asked in enumerate(ASKED)]


def judge(*answers: Answer) -> Verdict:
    ledger = Ledger()
    for one in answers:
        ledger.note(one)
    return ledger.verdict(PLACES)


def test_one_right_answer_each_in_order_holds() -> None:
    verdict = judge(*GOOD)
    assert verdict.holds
    assert (verdict.asked, verdict.answers) == (3, 3)


def test_order_between_keys_does_not_matter() -> None:
    assert judge(GOOD[1], GOOD[0], GOOD[2]).holds


@pytest.mark.parametrize(
    ("answers", "broken", "example"),
    [
        (GOOD[:2], {"missing": 1}, "a.1"),
        ([*GOOD, replace(GOOD[1], offset=3)], {"duplicates": 1}, "b.0 again at 0:3"),
        ([*GOOD, replace(GOOD[1], offset=3, replayed=True)], {"duplicates": 1}, "b.0 again"),
        ([GOOD[2], GOOD[1], GOOD[0]], {"disorders": 1}, "a.0 after number 1"),
        ([*GOOD[:2], replace(GOOD[2], status="FAILED")], {"wrong": 1}, "a.1 is FAILED"),
        ([*GOOD[:2], replace(GOOD[2], payload=b"other")], {"wrong": 1}, "other"),
        ([*GOOD[:2], replace(GOOD[2], replayed=True)], {"wrong": 1}, "a.1"),
        ([*GOOD, answer(Asked("c", 0), 3)], {"strangers": 1}, "asked:9:9"),
        ([*GOOD[:2], replace(GOOD[2], request_id="theirs")], {"strangers": 1}, "theirs"),
    ],
)
def test_what_breaks_the_promise_is_counted_and_named(
    answers: list[Answer], broken: dict[str, int], example: str
) -> None:
    verdict = judge(*answers)
    counts = {name: getattr(verdict, name) for name in ("missing", "duplicates", "disorders", "wrong", "strangers")}
    assert counts == dict.fromkeys(counts, 0) | broken
    assert not verdict.holds
    assert example in str(verdict)


def test_the_longest_gap_is_that_of_one_partition() -> None:
    times = [replace(GOOD[0], moment=1.0), replace(GOOD[1], partition=1, moment=2.0), replace(GOOD[2], moment=4.5)]
    assert judge(*times).longest_gap == 3.5


def test_an_outage_is_no_part_of_a_gap() -> None:
    ledger = Ledger(outages=[Outage(1.5, 3.0), Outage(4.0)])
    for moment, one in zip((1.0, 4.5), GOOD, strict=False):
        ledger.note(replace(one, partition=0, moment=moment))
    assert ledger.verdict(PLACES).longest_gap == 1.5
