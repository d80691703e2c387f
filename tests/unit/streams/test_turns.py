"""Turns are short while requests trickle, and long while any lane is behind."""

from streams.turns import LONG_SECONDS, SHORT_SECONDS, Turns


def test_turns_are_long_while_any_lane_is_behind() -> None:
    chosen: list[float] = []
    turns = Turns(chosen.append)
    turns.begin()
    turns.tell("echo", behind=True)
    turns.tell("digits", behind=True)
    turns.tell("echo", behind=False)
    turns.tell("digits", behind=False)
    assert chosen == [SHORT_SECONDS, LONG_SECONDS, LONG_SECONDS, LONG_SECONDS, SHORT_SECONDS]


def test_who_says_the_same_again_changes_nothing() -> None:
    chosen: list[float] = []
    turns = Turns(chosen.append)
    for behind in (False, True, True, True, False, False):
        turns.tell("echo", behind)
    assert chosen == [LONG_SECONDS, SHORT_SECONDS]
