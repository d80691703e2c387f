"""The verifier agrees with correct histories, and objects to each kind of spoilt one."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.verification.facts import Asked, Spot, Told
from streams.verification.scope import Asks
from streams.verification.verdict import SHOWN, Kind, Unjudged
from tests.unit.streams.verification.history import History, history

RANDOMS = st.builds(Random, st.integers(0, 2**32))


def wrong(spoilt: History, **options: int) -> dict[Kind, int]:
    return {kind: count for kind, count in spoilt.verdict(**options).wrong.items() if count}


def plain(count: int = 6) -> History:
    """One partition, every request answered on the results."""
    asked = [Asked(Spot("asked", 0, n), f"id-{n}", b"payload") for n in range(count)]
    told = [
        Told(Spot("told", 0, n), Spot("asked", 0, n), 1_000 + n, "echo", False, f"id-{n}", b"value-%d" % n)
        for n in range(count)
    ]
    return History(asked, told, [Asks("asked", 0, 0, count, count, "told", "letters")])


@given(RANDOMS, st.integers(0, 200), st.sampled_from([1, 3, 9_000]), st.integers(1, 3))
def test_a_correct_history_holds_however_little_memory_there_is(
    random: Random, count: int, spread: int, pages: int
) -> None:
    good = history(random, count, spread)
    verdict = good.verdict(pages)
    assert verdict.holds, verdict.examples
    assert not any(verdict.wrong.values())
    assert (verdict.requests, verdict.judged) == (count, count)
    assert verdict.results + verdict.replies + verdict.dead_letters == count


@given(RANDOMS, st.integers(1, 100), st.integers(1, 2))
def test_an_outcome_that_is_left_out_is_missed(random: Random, count: int, pages: int) -> None:
    spoilt = history(random, count, 9_000)
    lost = spoilt.told.pop(random.randrange(count))
    verdict = spoilt.verdict(pages)
    assert verdict.wrong[Kind.MISSING] == 1
    assert verdict.examples[Kind.MISSING] == (str(lost.cause),)
    assert not verdict.holds


@given(RANDOMS, st.integers(1, 100), st.integers(1, 2))
def test_an_outcome_that_is_there_twice_is_found(random: Random, count: int, pages: int) -> None:
    spoilt = history(random, count, 9_000)
    twice = spoilt.told[random.randrange(count)]
    where = random.choice(["told", "mine", "letters"])
    again = twice._replace(place=Spot(where, 2, random.randrange(9)), buried=where == "letters")
    if where == "mine" and all(asked.reply_to is None for asked in spoilt.asked):
        again = again._replace(place=Spot("told", 2, 0))
    spoilt.told.insert(random.randrange(spoilt.told.index(twice), count) + 1, again)
    assert wrong(spoilt, most_pages=pages).get(Kind.DUPLICATE) == 1


@given(RANDOMS, st.integers(2, 100))
def test_outcomes_that_change_places_are_out_of_order(random: Random, count: int) -> None:
    spoilt = plain(count)
    first, second = sorted(random.sample(range(count), 2))
    told = spoilt.told
    told[first], told[second] = told[second], told[first]
    assert wrong(spoilt) == {Kind.DISORDER: second - first}


@given(RANDOMS, st.integers(1, 50))
def test_an_outcome_of_no_request_is_an_orphan(random: Random, count: int) -> None:
    spoilt = history(random, count)
    causes = [
        None,
        Spot("asked", 7, 0),
        Spot("another", 0, 0),
        Spot("asked", 0, spoilt.asks[0].end + random.randrange(10**15)),
    ]
    for number, cause in enumerate(causes):
        spoilt.told.append(Told(Spot("told", 2, number), cause, 5_000, "echo", False, "who"))
    assert wrong(spoilt) == {Kind.ORPHAN: len(causes)}


def test_the_place_of_a_marker_or_an_aborted_request_is_no_request() -> None:
    spoilt = plain(3)
    del spoilt.asked[1]
    assert wrong(spoilt) == {Kind.ORPHAN: 1}


def test_an_outcome_with_the_id_of_another_request_is_found() -> None:
    spoilt = plain(3)
    spoilt.told[1] = spoilt.told[1]._replace(request_id="id-2")
    assert wrong(spoilt) == {Kind.WRONG_ID: 1}


def test_an_outcome_on_the_topic_of_another_tenant_or_client_is_astray() -> None:
    spoilt = plain(3)
    spoilt.asks.append(Asks("theirs", 0, 0, 0, 0, "told-theirs"))
    spoilt.asked[1] = spoilt.asked[1]._replace(reply_to="mine")
    spoilt.told[0] = spoilt.told[0]._replace(place=Spot("told-theirs", 0, 0))
    spoilt.told[2] = spoilt.told[2]._replace(place=Spot("mine", 0, 0))
    assert wrong(spoilt) == {Kind.STRAY: 2}


def test_an_answer_may_cut_an_id_that_is_too_long() -> None:
    good = plain(1)
    good.asked[0] = good.asked[0]._replace(request_id="x" * 300)
    good.told[0] = good.told[0]._replace(request_id="x" * 256)
    assert not wrong(good)


def test_requests_that_the_lane_has_not_settled_are_under_way() -> None:
    running = plain(6)
    running.asks = [replace(running.asks[0], settled=4)]
    running.told = running.told[:4]
    verdict = running.verdict()
    assert verdict.holds
    assert (verdict.judged, verdict.unjudged[Unjudged.UNDER_WAY]) == (4, 2)
    running.told.pop()
    assert wrong(running) == {Kind.MISSING: 1}


def test_an_answer_that_comes_before_its_offset_is_settled_counts() -> None:
    running = plain(6)
    running.asks = [replace(running.asks[0], settled=4)]
    assert running.verdict().judged == 6


def test_outcomes_of_requests_that_retention_took_are_no_orphans_but_still_alone() -> None:
    kept = plain(6)
    kept.asks = [replace(kept.asks[0], start=3)]
    kept.asked = kept.asked[3:]
    verdict = kept.verdict()
    assert not any(verdict.wrong.values())
    assert verdict.unjudged[Unjudged.REQUESTS_DELETED] == 3
    kept.told.insert(2, kept.told[1]._replace(place=Spot("told", 1, 0)))
    assert wrong(kept) == {Kind.DUPLICATE: 1}


def test_requests_before_the_first_answer_that_is_kept_are_not_judged() -> None:
    kept = plain(6)
    kept.told = kept.told[2:]
    kept.trimmed = {("told", 0)}
    verdict = kept.verdict()
    assert verdict.holds
    assert (verdict.judged, verdict.unjudged[Unjudged.OUTCOMES_DELETED]) == (4, 2)
    del kept.told[2]
    assert wrong(kept) == {Kind.MISSING: 1}


def test_requests_that_are_younger_than_what_was_deleted_are_judged_whatever_else_is_kept() -> None:
    kept = plain(6)
    kept.told = [kept.told[5]]
    kept.trimmed = {("told", 0)}
    kept.times = {1_005 + 60_000: 4}
    verdict = kept.verdict()
    assert (verdict.wrong[Kind.MISSING], verdict.unjudged[Unjudged.OUTCOMES_DELETED]) == (1, 4)


def test_a_trimmed_dead_letter_topic_excuses_only_what_cannot_be_read() -> None:
    kept = plain(3)
    kept.trimmed = {("letters", 0)}
    kept.asked[0] = kept.asked[0]._replace(request_id=None)
    kept.told = kept.told[2:]
    verdict = kept.verdict()
    assert verdict.wrong == {Kind.MISSING: 1}
    assert verdict.examples[Kind.MISSING] == ("asked:0:1",)


def test_compaction_of_answers_excuses_what_is_missing_and_of_requests_what_is_alone() -> None:
    kept = plain(4)
    kept.compacted = {"told", "asked"}
    del kept.told[1], kept.asked[2]
    verdict = kept.verdict()
    assert not any(verdict.wrong.values())
    assert verdict.unjudged[Unjudged.OUTCOMES_DELETED] == 1
    assert verdict.unjudged[Unjudged.REQUESTS_DELETED] == 1


@pytest.mark.parametrize("lost", [False, True])
def test_replies_on_a_topic_that_is_gone_are_not_judged(lost: bool) -> None:
    kept = plain(3)
    kept.asked[1] = kept.asked[1]._replace(reply_to="mine" if lost else "gone")
    del kept.told[1]
    kept.lost = {"mine"} if lost else set()
    verdict = kept.verdict()
    assert verdict.holds
    assert verdict.unjudged[Unjudged.REPLIED_ELSEWHERE] == 1


def test_more_reply_topics_than_can_be_followed_are_said() -> None:
    many = plain(400)
    many.topics |= {f"reply-{n}" for n in range(400)}
    many.asked = [one._replace(reply_to=f"reply-{n}") for n, one in enumerate(many.asked)]
    many.told = [one._replace(place=Spot(f"reply-{n}", 0, 0)) for n, one in enumerate(many.told[:254])]
    verdict = many.verdict()
    assert (verdict.holds, verdict.replies) == (True, 254)
    assert verdict.unjudged[Unjudged.REPLIED_ELSEWHERE] == 146


def test_what_others_write_to_a_reply_topic_is_no_outcome_of_this_lane() -> None:
    kept = plain(2)
    kept.asked[1] = kept.asked[1]._replace(reply_to="mine")
    others = [
        Told(Spot("mine", 0, 0), None, 1),
        Told(Spot("mine", 0, 1), Spot("other", 0, 0), 1, "echo"),
        Told(Spot("mine", 0, 2), Spot("asked", 0, 0), 1, "digits"),
        Told(Spot("mine", 0, 3), Spot("asked", 0, 99), 1, "echo"),
        Told(Spot("told", 0, 9), Spot("asked", 0, 0), 1, "digits"),
        Told(Spot("letters", 0, 9), Spot("other", 0, 0), 1, "echo", buried=True),
    ]
    kept.told += others
    assert not wrong(kept)


def test_what_lies_behind_an_open_transaction_breaks_the_promise_and_is_not_called_missing() -> None:
    hidden = plain(4)
    hidden.told.pop()
    hidden.behind = [("told", 2, 17)]
    verdict = hidden.verdict()
    assert (verdict.holds, verdict.wrong) == (False, {Kind.OPEN: 17})
    assert verdict.unjudged[Unjudged.BEHIND] == 1


def test_each_guarantee_allows_what_it_says() -> None:
    doubled, short = plain(3), plain(3)
    doubled.told.append(doubled.told[0]._replace(place=Spot("told", 0, 3)))
    short.told.pop()
    assert doubled.verdict(guarantee="at-least-once").holds
    assert not doubled.verdict(guarantee="at-most-once").holds
    assert short.verdict(guarantee="at-most-once").holds
    assert not short.verdict(guarantee="at-least-once").holds


def test_examples_are_few_and_the_report_is_for_programs() -> None:
    spoilt = plain(100)
    spoilt.told.clear()
    report = spoilt.verdict().report()
    assert report["holds"] is False
    assert report["wrong"]["missing"] == 100
    assert len(report["examples"]["missing"]) == SHOWN


def test_ids_that_went_out_of_memory_are_counted() -> None:
    verdict = plain(100).verdict(ids=10)
    assert verdict.holds
    assert verdict.unjudged[Unjudged.IDS] >= 80
