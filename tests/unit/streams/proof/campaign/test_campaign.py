"""How the campaign counts, judges, and goes on where it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streams.proof.campaign import campaign
from streams.proof.campaign.catalogue import TRIALS
from streams.proof.campaign.ground import Ground
from streams.proof.campaign.journal import Journal
from streams.proof.campaign.judge import judge
from streams.proof.campaign.tally import Tally, total
from streams.proof.campaign.trial import Round, Scale, Trial, seeds
from streams.proof.rows import Figures
from streams.settings import Settings

SCALE = Scale(rounds=3, least={"kills": 6}, most={"longest_stall": 1.5})


class Runs:
    """A trial whose rounds give what a test wants; counts them."""

    def __init__(self, *tallies: Tally | BaseException) -> None:
        self.seeds: list[int] = []
        self._left = list(tallies)
        self.trial = Trial("R0", "nothing", self.run, {"short": SCALE, "full": SCALE})

    def run(self, ground: Ground, one: Round) -> Tally:
        self.seeds.append(one.seed)
        found = self._left.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found


def tried(runs: Runs, folder: Path, seed: int = 7) -> bool:
    ground, journal = Ground(folder / "ground", Settings()), Journal(folder / "journal")
    return campaign.run([runs.trial], "short", journal.seed(seed), ground, journal, Figures(folder / "rows.json"))


def test_rounds_add_up_and_the_longest_counts() -> None:
    one = Tally(succeeded=5, kills=2, longest_stall=1.0, figures={"handles grown": 3, "rebalances": 2})
    other = Tally(succeeded=6, kills=3, longest_stall=0.5, figures={"handles grown": 1, "rebalances": 5})
    both = total([one, other])
    assert (both.succeeded, both.kills, both.longest_stall) == (11, 5, 1.0)
    assert both.figures == {"handles grown": 3, "rebalances": 7}


@pytest.mark.parametrize("count", ["duplicates", "missing", "disorders", "wrong", "open_transactions"])
def test_a_single_break_fails_its_row_alone(count: str) -> None:
    trial = Runs().trial
    broken = Tally(succeeded=1, kills=6, **{count: 1})  # type: ignore[arg-type] # each is a whole number
    assert not broken.holds
    failed = [row.name for row in judge(trial, SCALE, broken, 3) if not row.holds]
    assert len(failed) == 1


def test_a_campaign_in_which_nothing_succeeds_or_too_little_is_killed_fails() -> None:
    trial = Runs().trial
    failed = [row.name for row in judge(trial, SCALE, Tally(kills=5, longest_stall=1.6), 3) if not row.holds]
    assert failed == ["R0 nothing: succeeded", "R0 nothing: kills", "R0 nothing: longest stall"]


def test_a_trial_that_can_t_be_run_here_is_told_and_not_run(tmp_path: Path) -> None:
    runs = Runs()
    runs.trial = replace(runs.trial, lacks=lambda: "a C compiler")
    assert tried(runs, tmp_path)
    assert runs.seeds == []
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert (row["name"], row["holds"], row["note"]) == ("R0 nothing: not run", True, "needs a C compiler")


def test_root_is_asked_for_only_where_it_is_needed() -> None:
    trial = replace(Runs().trial, needs_root="a network namespace")
    assert trial.hindrance(is_root=False) == "needs root for a network namespace"
    assert trial.hindrance(is_root=True) == ""


def test_what_is_over_is_not_run_again(tmp_path: Path) -> None:
    good = Tally(succeeded=1, kills=2)
    cut = Runs(good, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tried(cut, tmp_path)
    rest = Runs(good, good)
    assert tried(rest, tmp_path)
    assert rest.seeds[0] == cut.seeds[1]
    assert len({*cut.seeds, *rest.seeds}) == 3
    assert tried(Runs(), tmp_path)


def test_a_round_that_raises_is_a_broken_promise_and_the_others_go_on(tmp_path: Path) -> None:
    good = Tally(succeeded=1, kills=3)
    runs = Runs(good, TimeoutError("no answers"), good)
    assert not tried(runs, tmp_path)
    assert len(runs.seeds) == 3
    Journal(tmp_path / "journal").forget(broken=True)
    mended = Runs(good)
    assert tried(mended, tmp_path)
    assert mended.seeds == [runs.seeds[1]]


def test_the_logs_of_a_round_that_broke_are_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    ground, journal = Ground(tmp_path / "ground", Settings()), Journal(tmp_path / "journal")
    for place in ("one/workers/slot-0.log", "ended/two/logs/kafka.log", "one/kafka/topic-0/00000.log"):
        path = tmp_path / "ground" / place
        path.parent.mkdir(parents=True)
        path.write_text(place)
    runs = Runs(Tally(succeeded=1), Tally(missing=1), Tally(longest_stall=1.6))
    campaign.run([runs.trial], "short", 7, ground, journal, Figures(tmp_path / "rows.json"))
    broken = {path.name for path in (tmp_path / "journal").iterdir() if path.is_dir()}
    assert broken == {f"R0-{seed}" for seed in runs.seeds[1:]}
    kept = journal.logs("R0", runs.seeds[1])
    assert [path.relative_to(kept) for path in kept.rglob("*.log")] == [Path("one/workers/slot-0.log")]
    journal.forget()
    assert not kept.exists()


def test_what_a_stack_said_that_is_gone_is_kept_for_its_round(tmp_path: Path) -> None:
    ground = Ground(tmp_path / "ground", Settings())
    path = tmp_path / "ground" / "ended" / "two" / "logs" / "kafka.log"
    path.parent.mkdir(parents=True)
    path.write_text("it died")
    ground.keep_logs(tmp_path / "kept")
    assert (tmp_path / "kept" / "ended" / "two" / "logs" / "kafka.log").read_text() == "it died"
    ground.forget_logs()
    assert not path.exists()


def test_seeds_follow_from_the_campaigns_and_the_trials_code() -> None:
    trial = Runs().trial
    assert seeds(trial, "short", 1) == seeds(trial, "short", 1)
    assert seeds(trial, "short", 1) != seeds(trial, "short", 2)


def test_an_unfinished_campaign_keeps_its_seed(tmp_path: Path) -> None:
    seed = Journal(tmp_path).seed(None)
    assert Journal(tmp_path).seed(None) == seed
    assert Journal(tmp_path).seed(5) == 5
    Journal(tmp_path).forget()
    assert list(tmp_path.iterdir()) == []


def test_every_trial_has_both_forms_and_a_code_of_its_own() -> None:
    assert len({trial.code for trial in TRIALS}) == len(TRIALS)
    assert all(trial.scales.keys() == {"short", "full"} for trial in TRIALS)
