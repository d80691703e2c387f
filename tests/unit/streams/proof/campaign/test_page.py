"""The campaign's table in docs/reliability.md is the one that its trials and its last figures make."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.proof.campaign.catalogue import TRIALS
from streams.proof.campaign.judge import judge
from streams.proof.campaign.page import LINES, SECTION, table
from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Trial
from streams.proof.marked import written

ROOT = Path(__file__).parents[5]
PAGE, RESULTS = ROOT / "docs" / "reliability.md", ROOT / "bench" / "results" / "crash.json"


def rows(trial: Trial, tally: Tally) -> list[dict[str, Any]]:
    scale = trial.scales["full"]
    return [
        {"name": row.name, "value": row.value, "holds": row.holds, "note": row.note}
        for row in judge(trial, scale, tally, 1)
    ]


def test_the_page_is_in_step_with_the_last_figures() -> None:
    page = PAGE.read_text()
    figures = json.loads(RESULTS.read_text()) if RESULTS.is_file() else []
    assert written(page, SECTION, table(TRIALS, figures)) == page, "run python -m streams.proof.campaign --report"


def test_every_trial_says_what_it_does_and_what_others_do() -> None:
    assert {trial.code for trial in TRIALS} <= LINES.keys()


def test_a_run_is_told_with_what_broke() -> None:
    trial = next(trial for trial in TRIALS if trial.code == "R1")
    text = table([trial], rows(trial, Tally(succeeded=120_000, kills=100, duplicates=2, longest_stall=1.25)))
    assert "100 kills, 0 faults, 120,000 succeeded, 2 duplicates, 0 missing" in text
    assert "longest stall 1.25 s" in text
    assert "**does not hold: duplicates, kills inside a transaction**" in text


def test_what_was_not_run_says_so() -> None:
    trial = TRIALS[0]
    assert table([trial], []).endswith("| not run yet |")
    hindered = [{"name": f"{trial.code} {trial.name}: not run", "note": "needs root for a mount"}]
    assert table([trial], hindered).endswith("| not run: needs root for a mount |")


def test_a_page_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- campaign -->"):
        written("nothing", SECTION, "table")
