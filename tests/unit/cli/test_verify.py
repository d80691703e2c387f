"""What `sluicegate verify` is asked, and what it prints."""

import pytest

from streams.cli.verify import chosen, tell
from streams.lanes import find
from streams.mistake import UserMistake
from streams.settings import LaneSettings, RepeatSettings, Settings
from streams.verification.target import Road, Target, lane_target
from streams.verification.verdict import Kind, Unjudged, Verdict

SETTINGS = Settings()


def verdict(wrong: dict[Kind, int], judged: int = 90, allowed: frozenset[Kind] = frozenset()) -> Verdict:
    examples = dict.fromkeys(wrong, ("told:0:1 names asked:0:[2]",))
    return Verdict(100, judged, 80, 7, 3, 2, wrong, examples, {Unjudged.UNDER_WAY: 10}, allowed)


def test_a_lane_is_its_topics_its_group_and_its_promise() -> None:
    repeats = RepeatSettings(entries=7, bytes=8, retention_seconds=9)
    lane = LaneSettings(requests=("a", "b"), results="c", guarantee="at-least-once", repeats=repeats)
    target = lane_target(Settings(lanes={"echo": lane}, dead_letters="d"), find("echo"))
    assert target.roads == (Road("a", "c", "d"), Road("b", "c", "d"))
    assert (target.group, target.lane, target.guarantee) == ("sluicegate.echo", "echo", "at-least-once")
    assert target.memory is not None
    assert (target.memory.entries, target.memory.bytes, target.memory.retention_ms) == (7, 8, 9_000)
    assert lane_target(SETTINGS, find("ledger")).memory is None


def test_topics_of_any_name_can_be_named() -> None:
    target = chosen(SETTINGS, None, ["a", "b"], "c", "d", "g")
    assert target == Target((Road("a", "c", "d"), Road("b", "c", "d")), "g")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((None, None, None, None, None), "say what to verify"),
        ((None, ["a"], None, None, None), "--requests and --results"),
        (("echo", ["a"], "b", None, None), "lane echo has topics already"),
        (("nobody", None, None, None, None), "there is no such lane"),
        (("sagas", None, None, None, None), "`sluicegate saga verify` proves it"),
    ],
)
def test_what_means_nothing_is_refused(arguments: tuple[None, None, None, None, None], said: str) -> None:
    with pytest.raises(UserMistake, match=said):
        chosen(SETTINGS, *arguments)


def test_a_person_reads_every_check_and_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    target = Target((Road("asked", "told"),))
    tell(target, verdict({}))
    said = capsys.readouterr().out
    assert "asked -> told: 100 requests, 80 results, 7 replies, 3 dead letters, 2 repeats" in said
    assert all(kind.value in said for kind in Kind)
    assert "not judged: 10 requests under way" in said
    assert "the promise holds" in said
    tell(target, verdict({Kind.ORPHAN: 3}))
    said = capsys.readouterr().out
    assert "told:0:1 names asked:0:[2]" in said
    assert "THE PROMISE IS BROKEN" in said


def test_what_a_guarantee_allows_is_told_and_breaks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Target((Road("asked", "told"),)), verdict({Kind.DUPLICATE: 3}, 0, frozenset({Kind.DUPLICATE})))
    said = capsys.readouterr().out
    assert "3 (allowed)" in said
    assert "no request could be judged" in said
    assert "the promise holds" in said
