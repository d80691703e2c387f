from dataclasses import replace

import pytest

from streams.timers.rules import Caution, Ends, Verdict, Watch, judge

CAUTION = Caution(pinned_ms=5_000, again_ms=500)
DUE = 1_000


def asked(at: int, high: int, stable: int | None = None) -> Ends:
    return Ends(at, high, high if stable is None else stable)


def test_nothing_fires_before_it_is_due() -> None:
    whole = Watch(10, asked(DUE, 10), asked(DUE, 10))
    assert judge(whole, None, DUE, CAUTION) is Verdict.REST
    assert judge(whole, DUE, DUE - 1, CAUTION) is Verdict.REST
    assert judge(whole, DUE, DUE, CAUTION) is Verdict.FIRE


def test_the_end_is_asked_for_once_the_timer_is_due() -> None:
    assert judge(Watch(10), DUE, DUE, CAUTION) is Verdict.ASK
    early = Watch(10).learn(asked(DUE - 1, 10), DUE)
    assert judge(early, DUE, DUE, CAUTION) is Verdict.ASK


def test_a_reply_in_the_log_is_read_first() -> None:
    watch = Watch(9).learn(asked(DUE, 10), DUE)
    assert judge(watch, DUE, DUE + 1, CAUTION) is Verdict.READ
    assert judge(watch.read_to(10), DUE, DUE + 2, CAUTION) is Verdict.FIRE


def test_what_comes_later_is_not_waited_for() -> None:
    watch = Watch(9).learn(asked(DUE, 10), DUE).learn(asked(DUE + 600, 10_000), DUE)
    assert judge(watch.read_to(10), DUE, DUE + 601, CAUTION) is Verdict.FIRE


def test_the_end_is_asked_for_again_while_it_is_waited_for() -> None:
    watch = Watch(9).learn(asked(DUE, 10), DUE)
    assert judge(watch, DUE, DUE + 499, CAUTION) is Verdict.READ
    assert judge(watch, DUE, DUE + 500, CAUTION) is Verdict.ASK


@pytest.mark.parametrize(
    ("reached", "late", "stable", "verdict"),
    [
        (8, 5_000, 8, Verdict.PINNED),
        (8, 4_999, 8, Verdict.READ),  # not long enough
        (7, 5_000, 8, Verdict.READ),  # there is more to read
        (8, 5_000, 10, Verdict.READ),  # nothing hides the rest
    ],
)
def test_an_open_transaction_holds_timers_up_for_a_while(
    reached: int, late: int, stable: int, verdict: Verdict
) -> None:
    watch = Watch(reached).learn(asked(DUE, 10, 8), DUE).learn(asked(DUE + late, 50, stable), DUE)
    assert judge(watch, DUE, DUE + late + 1, CAUTION) is verdict


def test_a_lagging_partition_is_not_a_pinned_one() -> None:
    """However long reading takes: a false time-out would be the price."""
    watch = Watch(5).learn(asked(DUE, 100_000), DUE).learn(asked(DUE + 3_600_000, 200_000), DUE)
    assert judge(watch, DUE, DUE + 3_600_001, CAUTION) is Verdict.READ


def test_a_timer_that_was_set_late_asks_anew() -> None:
    watch = Watch(10).learn(asked(DUE, 10), DUE)
    assert judge(watch.surprised(DUE - 5), DUE - 5, DUE + 1, CAUTION) is Verdict.ASK
    assert judge(watch.surprised(DUE + 5), DUE, DUE + 1, CAUTION) is Verdict.FIRE


def test_an_answer_without_a_timer_is_only_noted() -> None:
    watch = Watch(10).learn(asked(DUE, 12), None)
    assert watch == replace(Watch(10), latest=asked(DUE, 12))


def test_reading_back_changes_nothing() -> None:
    assert Watch(10).read_to(9) == Watch(10)
