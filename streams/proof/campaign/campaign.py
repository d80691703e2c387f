"""Runs trials round by round: skips those that are over, keeps each that ends, tells as it goes."""

import os
import time
from collections.abc import Iterable
from dataclasses import replace

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.journal import Journal
from streams.proof.campaign.judge import exceeded, judge
from streams.proof.campaign.tally import Tally, total
from streams.proof.campaign.trial import Form, Round, Trial, seeds
from streams.proof.rows import Figures, console, reported, say


def run(trials: Iterable[Trial], form: Form, seed: int, ground: Ground, journal: Journal, figures: Figures) -> bool:
    """Runs what is not over yet of these trials, and writes the rows of each that is; whether all of them hold.

    A trial that this machine can't run is told as such, and counts neither way.
    """
    for trial in trials:
        console.rule(f"{trial.code} {trial.name}")
        hindrance = trial.hindrance(os.geteuid() == 0)
        if hindrance:
            figures.take([reported(f"{trial.code} {trial.name}: not run", 1, "", hindrance)])
            figures.write()
            continue
        rounds = [one_round(trial, form, number, ground, journal) for number in seeds(trial, form, seed)]
        figures.take(judge(trial, trial.scales[form], total(rounds), len(rounds)))
        figures.write()
    return figures.hold


def one_round(trial: Trial, form: Form, seed: int, ground: Ground, journal: Journal) -> Tally:
    """What a round counted: from the journal if it is over, else it is run now."""
    before = journal.read(trial.code, seed)
    if before is not None:
        say(f"seed {seed}, before: {before}")
        return before
    tally = tried(trial, Round(seed, trial.scales[form].sizes, say), ground)
    journal.write(trial.code, seed, tally)
    say(f"seed {seed}: {tally}")
    if not tally.holds or exceeded(trial.scales[form], tally):
        kept = journal.logs(trial.code, seed)
        ground.keep_logs(kept)
        say(f"what the programs said is in {kept}")
    ground.forget_logs()
    return tally


def tried(trial: Trial, one: Round, ground: Ground) -> Tally:
    """Runs a round; what it raises is its problem, and the campaign goes on."""
    began = time.monotonic()
    try:
        tally = trial.run(ground, one)
    except Exception as error:
        said = " ".join(str(error).split())
        tally = Tally(problems=(f"seed {one.seed}: {type(error).__name__}: {said:.300}",))
    return replace(tally, seconds=time.monotonic() - began)
