"""The promise under kill -9: `python -m streams.proof.crash --requests 20000 --kills 10` ends with 0 if it holds.

Workers are killed at random moments while known requests flow and a `read_committed` reader follows the answers; in the
end each request must have exactly one answer, each key's in order, and no transaction may be open.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from streams.observability.logging import configure
from streams.proof import aftermath
from streams.proof.campaign.scene import Demand, Scene
from streams.proof.crashed import crashed
from streams.proof.ledger import Verdict
from streams.proof.roll import Roll
from streams.proof.site import Site
from streams.proof.storm import Fault, Storm, plan
from streams.settings import Guarantee, Settings, load
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests

SEED = "SLUICEGATE_PROOF_SEED"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: how many requests over how many keys at which rate, how many kills and moves, from which seed."""

    requests: int
    kills: int
    seed: int
    moves: int = 3
    workers: int = 3
    keys: int = 100
    rate: float = 2_000.0
    guarantee: Guarantee = "exactly-once"
    settle_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a trial."""

    trial: Trial
    verdict: Verdict
    again: Verdict
    deaths: int
    rebalances: int
    unsettled: dict[str, int]
    open_transactions: list[str]
    crashes: tuple[str, ...]
    seconds: float
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the promise held: for the reader that was there all the while, and for one that came after."""
        whole = self.verdict.holds and self.again.holds and not self.crashes
        return whole and not self.unsettled and not self.open_transactions

    def lines(self) -> list[str]:
        """The figures, for people."""
        return [
            f"seed {self.trial.seed}: {self.deaths} kills, {self.rebalances} rebalances in {self.seconds:.1f} s",
            f"reader all the while: {self.verdict}",
            f"reader afterwards: {self.again}",
            f"records behind an open transaction: {self.unsettled or 0}; open: {self.open_transactions or 0}",
            f"faults: {', '.join(self.faults)}",
            *self.crashes,
            "the promise holds" if self.holds else "THE PROMISE IS BROKEN",
        ]


def attempt(base: Settings, trial: Trial, chosen: Sequence[Fault] = ()) -> Report:
    """One trial on the stack that `base` points at, with the faults chosen, or those that the seed gives.

    Blocks; every process that it starts has ended when it returns. Raises Stuck when answers stay away.
    """
    began = time.monotonic()
    random = Random(trial.seed)
    site = Site.made(base, lane={"guarantee": trial.guarantee})
    faults = list(chosen) or plan(random, trial.kills, trial.moves)
    demand = Demand(trial.requests, random, trial.keys, trial.rate)
    scene = Scene(site, demand, workers=trial.workers, settle_seconds=trial.settle_seconds)
    storm = Storm(scene.supervisor, scene.in_pieces(len(faults)), Roll(site.settings, site.binding.group).call)
    with scene:
        storm.run(faults)
        scene.finish()
        deaths = storm.deaths
    return Report(
        trial,
        scene.verdict(),
        scene.read_again(),
        deaths,
        aftermath.generations(site.settings, site.binding.group) - 1,
        scene.unsettled(),
        scene.open_transactions(),
        crashed(scene.supervisor),
        time.monotonic() - began,
        tuple(storm.done),
    )


def main(
    requests: Annotated[int, typer.Option(min=100, help="How many requests.")] = 20_000,
    kills: Annotated[int, typer.Option(min=0, help="How many kills at least.")] = 10,
    moves: Annotated[int, typer.Option(min=0, help="How many workers leave for a time, or for good.")] = 3,
    seed: Annotated[int | None, typer.Option(envvar=SEED, help="Repeats a plan; random by default.")] = None,
    rate: Annotated[float, typer.Option(min=1, help="Requests a second.")] = 2_000.0,
    guarantee: Annotated[str, typer.Option(help="Another one, and the checker must object.")] = "exactly-once",
) -> None:
    """Kill workers while requests flow, on a stack of its own; exit code 1 when the promise does not hold."""
    settings = load()
    configure(settings.log)
    chosen = SystemRandom().randrange(1_000_000) if seed is None else seed
    trial = Trial(requests, kills, chosen, moves, rate=rate, guarantee=guarantee)  # type: ignore[arg-type] # settings refuse others
    typer.echo(f"seed {chosen}")
    with TemporaryDirectory(prefix="sluicegate-proof-") as folder:
        stack = StackForTests.on_free_ports(Path(folder), Layout.of(settings.stack).jars)
        try:
            stack.up()
            report = attempt(stack.settings, trial)
        finally:
            stack.discard()
    typer.echo(os.linesep.join(report.lines()))
    raise typer.Exit(0 if report.holds else 1)


if __name__ == "__main__":
    typer.run(main)
