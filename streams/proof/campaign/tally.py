"""What one round of a trial counted, and how rounds add up. Pure data."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counts of one round, or of many.

    `succeeded` counts the operations that came to their good end: a round in which everything fails proves nothing.
    `duplicates`, `missing`, `disorders` (a key's answers out of order), `wrong` (another answer than the right one, or
    one that nobody asked for) and `open_transactions` must be 0. `longest_stall` is the longest time in seconds in
    which a partition had no committed result, without the outages of all brokers. `figures` holds what a trial counts
    beside these; the same name adds up over rounds, or is the highest if it is named in `PEAKS` or begins with
    `longest` or `highest`. `problems` says in words what broke.
    """

    succeeded: int = 0
    kills: int = 0
    faults: int = 0
    duplicates: int = 0
    missing: int = 0
    disorders: int = 0
    wrong: int = 0
    open_transactions: int = 0
    longest_stall: float = 0.0
    seconds: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing that must be 0 was counted."""
        broken = self.duplicates + self.missing + self.disorders + self.wrong + self.open_transactions
        return not broken and not self.problems

    def __str__(self) -> str:
        said = (
            f"{self.succeeded:,} succeeded, {self.kills} kills, {self.faults} faults, duplicates {self.duplicates}, "
            f"missing {self.missing}, out of order {self.disorders}, wrong {self.wrong}, "
            f"open transactions {self.open_transactions}, longest stall {self.longest_stall:.2f} s"
        )
        more = [f"{name} {value:g}" for name, value in self.figures.items()]
        return "; ".join([", ".join([said, *more]), *self.problems])

    def as_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The tally that `as_json` gave."""
        return cls(**{**kept, "problems": tuple(kept["problems"])})


PEAKS = frozenset({"memory slope", "handles grown", "LSO lag grown", "load"})
"""Figures of which the highest counts, not the sum."""


def total(tallies: Iterable[Tally]) -> Tally:
    """Many rounds as one."""
    rounds = list(tallies)
    return Tally(
        succeeded=sum(one.succeeded for one in rounds),
        kills=sum(one.kills for one in rounds),
        faults=sum(one.faults for one in rounds),
        duplicates=sum(one.duplicates for one in rounds),
        missing=sum(one.missing for one in rounds),
        disorders=sum(one.disorders for one in rounds),
        wrong=sum(one.wrong for one in rounds),
        open_transactions=sum(one.open_transactions for one in rounds),
        longest_stall=max((one.longest_stall for one in rounds), default=0.0),
        seconds=sum(one.seconds for one in rounds),
        figures=figures(one.figures for one in rounds),
        problems=tuple(problem for one in rounds for problem in one.problems)[:SHOWN],
    )


def figures(each: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The figures of many rounds: added up, or the highest."""
    result: dict[str, float] = {}
    for one in each:
        for name, value in one.items():
            highest = name in PEAKS or name.startswith(("longest", "highest"))
            before = result.get(name)
            result[name] = value if before is None else max(before, value) if highest else before + value
    return result
