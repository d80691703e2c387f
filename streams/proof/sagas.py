"""Sagas under kill -9: `python -m streams.proof.sagas --sagas 1000 --kills 40` ends with 0 if all of it holds.

Known document-intakes run while orchestrators, participants, processors, hosts and the broker are killed at random
moments. In the end, from the topics alone: each saga ended or is parked, what it says of itself is true, and so is what
it asked others for: credits, documents, compensations.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from sagas.wire.messages import LANE
from schemas.errors import SluicegateError
from schemas.registry import Registry
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.client.connection import open_registry
from streams.client.record import Record
from streams.observability.logging import configure
from streams.proof.crashed import crashed
from streams.proof.intake_load import IntakeLoad, Meddler, Sender, prepare
from streams.proof.intakes import Case, grants, intakes
from streams.proof.saga_audit import read_books
from streams.proof.saga_books import audit, repeated_attempts
from streams.proof.saga_site import SagaSite
from streams.proof.saga_storm import Workers, plan
from streams.proof.watcher import Watcher
from streams.sagas.evidence import gather
from streams.sagas.verifying import Finding, statuses, verify
from streams.settings import load, override
from streams.stack.layout import Layout
from streams.stack.testing import StackForTests

SEED = "SLUICEGATE_PROOF_SEED"
SHOWN = 12
START_SECONDS = 300.0


class Stuck(SluicegateError):
    """No saga came to its end for too long: the trial can't go on."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How many sagas, how many kills of workers and hosts, how many never back, how many of the broker; which seed."""

    sagas: int
    kills: int
    seed: int
    retired: int = 3
    brokers: int = 3
    settle_seconds: float = 150.0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a trial."""

    trial: Trial
    statuses: Mapping[str, int]
    cases: Mapping[str, str]
    kills: Mapping[str, int]
    further: int
    never_back: int
    repeated: int
    findings: tuple[Finding, ...]
    seconds: float
    storm_seconds: float
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def lines(self) -> list[str]:
        """The figures, for people."""
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items()))
        kills = ", ".join(f"{count} {party}" for party, count in sorted(self.kills.items()))
        return [
            f"seed {self.trial.seed}: {self.trial.sagas} sagas in {self.storm_seconds:.0f} s: {counts}",
            *(f"  {case}: {said}" for case, said in self.cases.items()),
            f"killed: {kills}; {self.never_back} of them never came back",
            f"{self.further} more died within a transaction; {self.repeated} commands were sent again",
            f"faults: {', '.join(self.faults)}",
            *(f"{finding.saga_id}: {finding.check}: {finding.message}" for finding in self.findings[:SHOWN]),
            f"{len(self.findings)} FINDINGS: IT DOES NOT HOLD" if self.findings else "all of it holds",
        ]


class Ends:
    """The sagas that came to rest, as a reader of the outcomes and of the list of those that wait sees them."""

    def __init__(self, site: SagaSite, registry: Registry, meddler: Meddler) -> None:
        self._decode, self._meddler = AnyDecoder(registry), meddler
        self._index = bind(site.settings, "index").results
        self.topics = [
            bind(site.settings, LANE).results, site.settings.sagas.history, site.settings.sagas.attention, self._index
        ]  # fmt: skip
        self.resting: set[str] = set()
        self.earlier = 0

    def see(self, record: Record) -> None:
        """Takes a committed record."""
        if record.topic == self._index:
            self.earlier += 1
        elif record.value is not None:
            self._take(self._decode(record.value))

    def _take(self, said: Mapping[str, Any]) -> None:
        if "event" in said:
            self._meddler.see(said)
        elif "ended_ms" in said or "since_ms" in said:
            self.resting.add(said["saga_id"])


def attempt(stack: StackForTests, trial: Trial) -> Report:
    """One trial on a stack whose broker may be killed.

    Blocks; every process that it starts has ended when it returns. Raises Stuck when sagas do not come to an end.
    """
    began = time.monotonic()
    random = Random(trial.seed)
    site = SagaSite.made(stack.settings)
    asked = intakes(trial.sagas, random)
    granted = grants(asked)
    faults = plan(random, trial.kills, trial.retired, trial.brokers)
    registry = open_registry(site.settings)
    sender = Sender(site.settings, registry)
    ends = Ends(site, registry, Meddler(sender.send, asked))
    sent = IntakeLoad(sender, asked, random)
    piece = trial.sagas / (len(faults) + 1)

    def revive() -> None:
        stack.kill("kafka")
        stack.up()

    with Watcher(site.settings, ends.topics, ends.see) as watcher, Workers(site, revive) as workers:

        def reach(place: float) -> None:
            sent.allowed = (int(place) + 1) * piece + 1
            await_(watcher, lambda: len(ends.resting) >= place * piece, trial, f"{len(ends.resting)} rest")

        try:
            prepare(sender, asked, granted)
            earlier = sum(intake.case is Case.EXISTS for intake in asked)
            await_(watcher, lambda: ends.earlier >= earlier, trial, "the index does not answer")
            stormed = time.monotonic()
            sent.start()
            for number, fault in enumerate(faults):
                reach(number + fault.share)
                workers.strike(fault)
            sent.finish()
            await_(watcher, lambda: len(ends.resting) >= trial.sagas, trial, "not all sagas come to rest")
            storm_seconds = time.monotonic() - stormed
            sender.flush()
        finally:
            sent.stop()
        # Those who meddled last are answered a moment after the sagas ended.
        findings, books, evidence = examined(site, registry, asked, granted)
        findings += [Finding("", "no worker ends by a defect", line) for line in crashed(workers.supervisor)]
    registry.close()
    return Report(
        trial,
        statuses(evidence),
        by_case(books),
        {str(party): count for party, count in workers.struck.items()},
        workers.further,
        sum(map(len, workers.retired.values())),
        repeated_attempts(books),
        tuple(findings),
        time.monotonic() - began,
        storm_seconds,
        tuple(workers.done),
    )


def await_(watcher: Watcher, condition: Callable[[], bool], trial: Trial, otherwise: str) -> None:
    """Blocks until the condition is true. Raises Stuck."""
    if not watcher.wait(condition, trial.settle_seconds):
        raise Stuck(f"{otherwise}, and nothing moved for {trial.settle_seconds:g} s")


def examined(
    site: SagaSite, registry: Registry, asked: Any, granted: Mapping[str, int]
) -> tuple[list[Finding], Any, Any]:
    """All that is wrong, from the topics and the index; looked at again for what is on its way."""
    for last in (False, True):
        evidence = gather(site.settings, registry)
        findings = verify(evidence)
        books = read_books(site.settings, registry, evidence, asked, granted)
        findings += audit(books)
        if not findings or last:
            break
        time.sleep(2.0)
    return findings, books, evidence


def by_case(books: Any) -> dict[str, str]:
    """How the sagas of each case ended."""
    found: dict[str, Counter[str]] = {}
    for document, intake in books.asked.items():
        saga = books.sagas.get(document)
        found.setdefault(str(intake.case), Counter())["missing" if saga is None else str(saga.status)] += 1
    return {
        case: ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        for case, counts in sorted(found.items())
    }


def patient(stack: StackForTests) -> StackForTests:
    """The stack, whose broker may take its time to come back while everybody calls for it."""
    section = stack.settings.stack.model_copy(update={"start_seconds": START_SECONDS})
    return StackForTests(override(stack.settings, {"stack": section}))


def main(
    sagas: Annotated[int, typer.Option(min=20, help="How many sagas.")] = 1_000,
    kills: Annotated[int, typer.Option(min=0, help="How many kills of workers and hosts at least.")] = 40,
    brokers: Annotated[int, typer.Option(min=0, help="How many kills of the broker.")] = 3,
    retired: Annotated[int, typer.Option(min=0, max=3, help="How many of the killed never come back.")] = 3,
    seed: Annotated[int | None, typer.Option(envvar=SEED, help="Repeats a plan; random by default.")] = None,
) -> None:
    """Kill whatever takes part in sagas while they run, on a stack of its own; exit code 1 when something is wrong."""
    settings = load()
    configure(settings.log)
    chosen = SystemRandom().randrange(1_000_000) if seed is None else seed
    typer.echo(f"seed {chosen}")
    with TemporaryDirectory(prefix="sluicegate-proof-") as folder:
        stack = patient(StackForTests.on_free_ports(Path(folder), Layout.of(settings.stack).jars))
        try:
            stack.up()
            report = attempt(stack, Trial(sagas, kills, chosen, retired, brokers))
        finally:
            stack.discard()
    typer.echo(os.linesep.join(report.lines()))
    raise typer.Exit(0 if report.holds else 1)


if __name__ == "__main__":
    typer.run(main)
