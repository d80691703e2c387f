"""What the verifier concludes, as data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SHOWN = 10


class Kind(StrEnum):
    """How the promise can be broken."""

    MISSING = "no outcome"
    DUPLICATE = "more than one outcome"
    ORPHAN = "outcome of no request"
    DISORDER = "out of order"
    STRAY = "on a topic where it does not belong"
    WRONG_ID = "outcome of another request"
    REPEAT = "against the table of repeats"
    OPEN = "behind an open transaction"


class Unjudged(StrEnum):
    """Why something could not be held against the promise."""

    UNDER_WAY = "requests under way: the lane has not committed their offsets"
    OUTCOMES_DELETED = "requests that may have been answered by records that retention or compaction deleted"
    REPLIED_ELSEWHERE = "requests whose reply topic is gone, or could not be followed"
    BEHIND = "requests whose outcomes may lie behind an open transaction"
    REQUESTS_DELETED = "outcomes of requests that retention or compaction deleted"
    REPEATS = "repeats: too many to keep in memory"
    IDS = "request ids that were no longer in memory when later ones came: repeats of these were not seen"


ALLOWED: Mapping[str, frozenset[Kind]] = {
    "exactly-once": frozenset(),
    "at-least-once": frozenset({Kind.DUPLICATE}),
    "at-most-once": frozenset({Kind.MISSING}),
}
"""What each guarantee puts up with."""


@dataclass
class Findings:
    """What was found wrong, counted, with some examples of each kind."""

    counts: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, list[str]] = field(default_factory=dict)

    def add(self, kind: Kind, example: str, count: int = 1) -> None:
        """Takes one (or several alike)."""
        self.counts[kind] += count
        shown = self.examples.setdefault(kind, [])
        if len(shown) < SHOWN:
            shown.append(example)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was read, what of it is wrong, and what could not be judged; counts of records.

    `requests` are all that were read, `judged` those that the lane has settled and whose outcome must be there.
    """

    requests: int
    judged: int
    results: int
    replies: int
    dead_letters: int
    repeats: int
    wrong: Mapping[Kind, int]
    examples: Mapping[Kind, tuple[str, ...]]
    unjudged: Mapping[Unjudged, int]
    allowed: frozenset[Kind] = frozenset()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong that the lane's guarantee does not allow."""
        return not any(count for kind, count in self.wrong.items() if kind not in self.allowed)

    def report(self) -> dict[str, Any]:
        """For programs."""
        return {
            "holds": self.holds,
            "requests": self.requests,
            "judged": self.judged,
            "results": self.results,
            "replies": self.replies,
            "dead_letters": self.dead_letters,
            "repeats": self.repeats,
            "wrong": {kind.name.lower(): self.wrong.get(kind, 0) for kind in Kind},
            "examples": {kind.name.lower(): list(shown) for kind, shown in self.examples.items()},
            "not_judged": {why.name.lower(): count for why, count in self.unjudged.items() if count},
            "allowed": sorted(kind.name.lower() for kind in self.allowed),
        }
