"""Failpoints: what may be written, what is refused, and when a rule acts."""

import time

import pytest

from streams import failpoints
from streams.failpoints import NAMES, FailpointReached, Rule, parse, passing


def test_nothing_is_armed_by_an_empty_text() -> None:
    assert parse("") == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_named_place_can_be_armed(name: str) -> None:
    rule = parse(f"{name}:3:kill")[name]
    assert (rule.name, rule.nth, rule.action, rule.seconds) == (name, 3, "kill", 1.0)


def test_several_rules_with_and_without_seconds() -> None:
    rules = parse("commit.before:1:delay:0.25,infer.after:20:raise")
    assert {name: (rule.nth, rule.action, rule.seconds) for name, rule in rules.items()} == {
        "commit.before": (1, "delay", 0.25),
        "infer.after": (20, "raise", 1.0),
    }


@pytest.mark.parametrize(
    "text",
    [
        "commit.before",
        "commit.before:1",
        "commit.before::kill",
        "commit.before:-1:kill",
        "commit.before:0:kill",
        "commit.before:first:kill",
        "commit.before:1:explode",
        "commit.before:1:delay:soon",
        "commit.before:1:delay:-1",
        "commit.before:1:kill:1:2",
        "commit:1:kill",
        "no.such:1:kill",
        "begin.after:1:raise,commit.befor:1:kill",
    ],
)
def test_what_can_t_be_a_rule_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=text.rpartition(",")[2]) as refused:
        parse(text)
    assert "name:nth:action" in str(refused.value)


def test_a_rule_acts_at_the_nth_passage_only() -> None:
    rule = Rule("commit.before", 2, "raise", 1.0)
    rule.hit()
    with pytest.raises(FailpointReached, match=r"commit\.before"):
        rule.hit()
    rule.hit()


def test_a_passage_meets_its_own_rule_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_rules", parse("commit.before:1:raise"))
    passing("commit.after")
    with pytest.raises(FailpointReached):
        passing("commit.before")


def test_without_rules_a_passage_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_rules", None)
    passing("commit.before")


def test_a_delay_takes_its_seconds() -> None:
    began = time.monotonic()
    Rule("commit.before", 1, "delay", 0.02).hit()
    assert time.monotonic() - began >= 0.02
