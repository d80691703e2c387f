"""Who is struck stands side by side in docs/reliability.md, as the last run said."""

from typing import Any

import pytest

from bench.crash_peers import CASES, FIGURES, PAGE, SECTION, kept, table
from bench.measures.crashes import CONTESTANTS, GOAL_SECONDS, OURS, Arrivals, Contestant, Outcome, judged
from streams.proof.ledger import Ledger
from streams.proof.marked import written
from streams.proof.rows import Row


def rows(contestant: Contestant, *stalls: float, missing: int = 0) -> list[Row]:
    verdict = Ledger().verdict({str(number): str(number) for number in range(missing)})
    return judged(contestant, "restarted", Outcome(verdict, len(stalls), stalls), GOAL_SECONDS)


def test_the_page_is_in_step_with_the_last_figures() -> None:
    page = PAGE.read_text()
    assert written(page, SECTION, table(kept())) == page, "run python -m bench.crash_peers --report"


def test_everybody_stands_in_a_line_of_their_own() -> None:
    found: list[dict[str, Any]] = [
        {"name": f"{one.name}, {case}: {figure}", "value": 1_234.5}
        for one in CONTESTANTS[1:]
        for case in CASES
        for figure in FIGURES
    ]
    lines = table(found).splitlines()[2:]
    assert lines[0].count("not run yet") == 6
    assert [line.split(" |")[0].strip("| ") for line in lines] == [one.name for one in CONTESTANTS]
    assert "1,234 | 1,234 | 1234.50 s" in lines[1]


def test_only_this_project_has_goals() -> None:
    ours, peer = CONTESTANTS[0], CONTESTANTS[1]
    assert ours.name == OURS
    assert [row.holds for row in rows(ours, 0.4, 1.6, missing=1)] == [True, False, False]
    assert all(row.holds and not row.goal for row in rows(peer, 99.0, missing=1))


def test_a_stall_that_did_not_end_says_so() -> None:
    stall = rows(CONTESTANTS[1], 0.4, float("inf"))[-1]
    assert stall.value == 180
    assert "did not go on" in stall.note


def test_gaps_reach_from_the_kill_to_now(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("bench.measures.crashes.time.monotonic", lambda: now)
    arrivals = Arrivals(2)
    for moment in (1.0, 2.0, 2.1, 5.0):
        now = moment
        for partition in range(2):
            arrivals.note(partition)
    arrivals.note(0)
    now = 5.4
    assert arrivals.steady(2.5, now)
    assert not arrivals.steady(5.0, now)
    assert arrivals.longest_gap(1.5) == pytest.approx(2.9)
    now = 9.0
    assert not arrivals.steady(2.5, now)
    assert arrivals.longest_gap(1.5) == pytest.approx(4.0)
