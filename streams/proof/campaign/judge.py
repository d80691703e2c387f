"""From what the rounds of a trial counted to rows with goals. Pure."""

from collections.abc import Mapping
from dataclasses import fields

from streams.proof.campaign.tally import Tally
from streams.proof.campaign.trial import Scale, Trial
from streams.proof.rows import Row, at_least, at_most, reported

NONE_ALLOWED = {
    "duplicates": "duplicates",
    "missing": "missing",
    "disorders": "answers out of order",
    "wrong": "wrong answers",
    "open_transactions": "transactions left open",
}
COUNTS = frozenset(field.name for field in fields(Tally))
UNITS: Mapping[str, str] = {
    "longest_stall": "s",
    "highest memory": "MiB",
    "seconds": "s",
    "memory slope": "%/h",
    "LSO lag grown": "s of load",
    "load": "requests/s",
}


def judge(trial: Trial, scale: Scale, tally: Tally, rounds: int) -> list[Row]:
    """The rows of a trial: its goals, what must be none, and what is only told."""
    name = f"{trial.code} {trial.name}"
    rows = [at_most(f"{name}: rounds that broke", len(tally.problems), "", 0, "; ".join(tally.problems))]
    rows += [reported(f"{name}: rounds", rounds, "")]
    rows += [at_most(f"{name}: {said}", getattr(tally, count), "", 0) for count, said in NONE_ALLOWED.items()]
    least = {"succeeded": 1, **scale.least}
    for count, goal in least.items():
        rows.append(at_least(f"{name}: {words(count)}", value(tally, count), unit(count), goal))
    for count, goal in scale.most.items():
        rows.append(at_most(f"{name}: {words(count)}", value(tally, count), unit(count), goal))
    judged = {*least, *scale.most}
    told = [count for count in ("kills", "faults", "longest_stall", *tally.figures) if count not in judged]
    rows += [reported(f"{name}: {words(count)}", value(tally, count), unit(count)) for count in told]
    return [*rows, reported(f"{name}: took", tally.seconds, "s")]


def exceeded(scale: Scale, tally: Tally) -> bool:
    """Whether one round alone is beyond what all of them may be."""
    return any(value(tally, count) > goal for count, goal in scale.most.items())


def value(tally: Tally, count: str) -> float:
    """A count of the tally's, or a figure; one that no round counted is 0."""
    return float(getattr(tally, count)) if count in COUNTS else float(tally.figures.get(count, 0))


def words(count: str) -> str:
    """A count's name for people."""
    return count.replace("_", " ")


def unit(count: str) -> str:
    """What it is counted in."""
    return UNITS.get(count, "s" if count.startswith("longest") else "")
