"""The checker agrees with what a log can explain, and names each kind of what it can't."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.proof.history.check import CHECKS, check
from streams.proof.history.operations import Fate, History, Poll, Queue, Seen, Send, Sent, Spot
from tests.unit.streams.proof.history.model import model

RANDOMS = st.builds(Random, st.integers(0, 2**32))
REQUESTS, RESULTS = Queue("requests", 0), Queue("results", 0)


@given(RANDOMS, st.integers(0, 120))
def test_a_correct_history_has_no_anomaly(random: Random, steps: int) -> None:
    analysis = check(model(random, steps), wanted=0)
    assert not any(analysis.anomalies.values()), analysis.examples


def without(history: History, value: str, topic: str) -> History:
    """Nobody ever saw the value in the topic."""
    polls = [
        replace(
            poll,
            seen=tuple(one for one in poll.seen if (one.value, one.spot.queue.topic) != (value, topic)),
        )
        for poll in history.polls
    ]
    return replace(history, polls=tuple(polls))


def extended(history: History, *seen: Seen) -> History:
    """The last reader saw more."""
    last = history.polls[-1]
    return replace(history, polls=(*history.polls[:-1], replace(last, seen=(*last.seen, *seen))))


def committed(history: History, random: Random) -> Sent:
    sent = [one for send in history.sends if send.fate is Fate.OK for one in send.sent]
    assume(sent)
    return random.choice(sent)


def refated(history: History, value: str, fate: Fate, **changes: float | None) -> History:
    """The same with another fate of the send of a value."""
    send = history.writers[value]
    changed = replace(send, fate=fate, **changes)  # type: ignore[arg-type] # times
    return replace(history, sends=tuple(changed if one is send else one for one in history.sends))


@given(RANDOMS, st.integers(1, 100), st.sampled_from(["requests", "results"]))
def test_a_committed_value_that_is_not_there_is_lost_or_unseen(random: Random, steps: int, topic: str) -> None:
    good = model(random, steps)
    gone = committed(good, random)
    anomalies = check(without(good, gone.value, topic)).anomalies
    assert anomalies["lost write"] + anomalies["unseen"] == 1


@given(RANDOMS, st.integers(1, 100))
def test_a_value_whose_send_failed_may_not_be_seen(random: Random, steps: int) -> None:
    good = model(random, steps)
    gone = committed(good, random)
    assert check(refated(good, gone.value, Fate.FAIL)).anomalies["aborted read"] > 0


@given(RANDOMS, st.integers(1, 100))
def test_a_value_may_not_be_seen_before_its_commit_is_asked_for(random: Random, steps: int) -> None:
    good = model(random, steps)
    early = committed(good, random)
    later = refated(good, early.value, Fate.OK, committing=1e9)
    transactional = later.writers[early.value].transaction
    assert (check(later).anomalies["precommitted read"] > 0) == transactional


@given(RANDOMS, st.integers(1, 100), st.sampled_from([REQUESTS, RESULTS]))
def test_a_value_that_is_there_twice_is_found(random: Random, steps: int, queue: Queue) -> None:
    good = model(random, steps)
    twice = committed(good, random)
    again = extended(good, Seen(Spot(queue, 10**6), twice.value, good.told.get(twice.value)))
    assert check(again).anomalies["duplicate"] == 1


@given(RANDOMS, st.integers(1, 100))
def test_two_values_at_one_offset_are_inconsistent(random: Random, steps: int) -> None:
    good = model(random, steps)
    seen = random.choice([*good.polls[-1].seen, Seen(Spot(REQUESTS, 10**6), "a")])
    other = Poll("other", 0, 1e9, (seen._replace(value="b"), seen))
    assert check(replace(good, polls=(*good.polls, other))).anomalies["inconsistent offsets"] == 1


@given(RANDOMS, st.integers(1, 100))
def test_what_a_reader_left_out_is_a_skip_unless_it_was_moved(random: Random, steps: int) -> None:
    good = model(random, steps)
    places = [seen for seen in good.polls[-1].seen if seen.spot.queue == REQUESTS]
    assume(len(places) >= 3)
    first, *_, last = sorted(places)
    jump = (Poll("reader", 0, 1e9, (first,)), Poll("reader", 0, 1e9, (last,)))
    assert check(replace(good, polls=(*good.polls, *jump))).anomalies["poll skip"] == 1
    moved = (jump[0], replace(jump[1], fresh=True))
    assert check(replace(good, polls=(*good.polls, *moved))).anomalies["poll skip"] == 0
    inside = Poll("reader", 0, 1e9, (first, last))
    assert check(replace(good, polls=(*good.polls, inside))).anomalies["poll skip"] == 1


@given(RANDOMS, st.integers(1, 100))
def test_a_reader_that_goes_back_is_found_unless_it_was_moved(random: Random, steps: int) -> None:
    good = model(random, steps)
    assume(good.polls[-1].seen)
    seen = random.choice(good.polls[-1].seen)
    again = (Poll("reader", 0, 1e9, (seen,)), Poll("reader", 0, 1e9, (seen,)))
    assert check(replace(good, polls=(*good.polls, *again))).anomalies["non-monotonic poll"] == 1
    moved = (again[0], replace(again[1], fresh=True))
    assert check(replace(good, polls=(*good.polls, *moved))).anomalies["non-monotonic poll"] == 0


@given(RANDOMS, st.integers(1, 100))
def test_answers_that_change_places_are_reordered(random: Random, steps: int) -> None:
    good = model(random, steps)
    answers = [seen for seen in good.polls[-1].seen if seen.spot.queue == RESULTS and seen.cause is not None]
    ours = sorted(one for one in answers if one.cause is not None and one.cause.queue == REQUESTS)
    assume(len(ours) >= 2)
    first, second = ours[0], ours[-1]
    swapped = {first: first._replace(spot=second.spot), second: second._replace(spot=first.spot)}
    last = good.polls[-1]
    spoilt = replace(last, seen=tuple(swapped.get(one, one) for one in last.seen))
    assert check(replace(good, polls=(*good.polls[:-1], spoilt))).anomalies["reordered"] > 0


@given(RANDOMS, st.integers(1, 100))
def test_an_answer_that_names_another_request_is_misplaced(random: Random, steps: int) -> None:
    good = model(random, steps)
    answers = [seen for seen in good.polls[-1].seen if seen.cause is not None and seen.value in good.told]
    assume(answers)
    wrong = random.choice(answers)
    last = good.polls[-1]
    spoilt = tuple(one._replace(cause=Spot(REQUESTS, 10**6)) if one == wrong else one for one in last.seen)
    assert check(replace(good, polls=(*good.polls[:-1], replace(last, seen=spoilt)))).anomalies["misplaced cause"] == 1


def one_send(fate: Fate, *sent: Sent, **more: float | bool | str) -> Send:
    return Send(**{"process": "client", "began": 0.0, "ended": 1.0, "fate": fate, "sent": sent, **more})  # type: ignore[arg-type] # as in the class


def whole(*sends: Send, seen: tuple[Seen, ...] = ()) -> History:
    return History(sends, (Poll("afterwards", 5.0, 6.0, seen),))


def both(value: str, offset: int) -> tuple[Seen, Seen]:
    """A request and its answer."""
    spot = Spot(REQUESTS, offset)
    return Seen(spot, value), Seen(Spot(RESULTS, offset), value, spot)


@pytest.mark.parametrize("there", [True, False])
def test_what_is_unknown_may_be_there_or_not_but_not_in_part(there: bool) -> None:
    send = one_send(Fate.INFO, Sent("a"), Sent("b"), transaction=True, committing=0.5)
    everything = (*both("a", 0), *both("b", 1)) if there else ()
    assert not any(check(whole(send, seen=everything)).anomalies.values())
    assert check(whole(send, seen=both("a", 0))).anomalies["torn transaction"] == 2


def test_what_was_sent_later_lies_later() -> None:
    near, far = Sent("a", Spot(REQUESTS, 5)), Sent("b", Spot(REQUESTS, 3))
    after = one_send(Fate.OK, far, began=2.0, ended=3.0)
    seen = (*both("b", 3), *both("a", 5))
    assert check(whole(one_send(Fate.OK, near), after, seen=seen)).anomalies["non-monotonic send"] == 1
    assert check(whole(one_send(Fate.OK, near, far), seen=seen)).anomalies["non-monotonic send"] == 1
    at_once = replace(after, began=0.5)
    assert check(whole(one_send(Fate.OK, near), at_once, seen=seen)).anomalies["non-monotonic send"] == 0


def test_a_lost_write_is_one_with_something_behind_it() -> None:
    first, second = Sent("a", Spot(REQUESTS, 0)), Sent("b", Spot(REQUESTS, 1))
    sends = (one_send(Fate.OK, first), one_send(Fate.OK, second, began=2.0))
    assert check(whole(*sends, seen=both("b", 1))).anomalies["lost write"] == 2
    assert check(whole(*sends, seen=both("a", 0))).anomalies["unseen"] == 2


def test_a_value_of_nobody_is_a_stranger() -> None:
    assert check(whole(seen=both("who", 0))).anomalies["stranger"] == 2


def test_a_run_in_which_everything_fails_proves_nothing() -> None:
    failed = check(whole(one_send(Fate.FAIL, Sent("a")), one_send(Fate.INFO, Sent("b"))))
    assert not any(failed.anomalies.values())
    assert not failed.holds
    assert "only 0 sends succeeded, 1 were wanted" in failed.lines()
    fine = whole(one_send(Fate.OK, Sent("a", Spot(REQUESTS, 0))), seen=both("a", 0))
    assert check(fine).holds
    assert check(fine).lines()[-1] == "no anomaly"
    assert not check(fine, wanted=2).holds


def test_every_anomaly_has_a_name_an_example_and_a_count() -> None:
    analysis = check(whole(seen=tuple(Seen(Spot(REQUESTS, n), f"who-{n}") for n in range(40))))
    assert set(analysis.anomalies) == set(CHECKS)
    assert analysis.anomalies["stranger"] == 40
    assert len(analysis.examples["stranger"]) == 5
    assert any(line.startswith("stranger: 40, such as") for line in analysis.lines())
