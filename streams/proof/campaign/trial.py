"""What a trial of the campaign is: a kind of fault, how often and how much of it, and what must come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from streams.proof.campaign.ground import Ground
from streams.proof.campaign.tally import Tally

Form = Literal["short", "full"]


@dataclass(frozen=True, slots=True)
class Round:
    """One run of a trial: its seed, and its sizes as the trial's form gives them."""

    seed: int
    sizes: Mapping[str, float]
    say: Callable[[str], None]
    """Tells a person how it goes."""

    def count(self, name: str) -> int:
        """A size that is a whole number."""
        return int(self.sizes[name])


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of a trial a form has: so many rounds, each with a seed of its own, of these sizes."""

    rounds: int
    sizes: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    """What all rounds together must have counted at least: names of the tally's counts or of its figures."""
    most: Mapping[str, float] = field(default_factory=dict)
    """What they may have counted at most."""


def nothing() -> str:
    """Nothing is lacking."""
    return ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A kind of fault.

    `run` carries one round out, and blocks; whatever it starts beside the ground's own has ended when it returns or
    raises. What it raises is a broken promise too.
    """

    code: str
    """Its number in docs/reliability.md, such as R1."""
    name: str
    """Two or three words."""
    run: Callable[[Ground, Round], Tally]
    scales: Mapping[Form, Scale]
    needs_root: str = ""
    """What it needs root for, if it does."""
    lacks: Callable[[], str] = nothing
    """What this machine lacks for it, in a few words; empty when it can be run."""

    def hindrance(self, is_root: bool) -> str:
        """Why it can't be run here, for people; empty when it can."""
        if self.needs_root and not is_root:
            return f"needs root for {self.needs_root}"
        lacking = self.lacks()
        return f"needs {lacking}" if lacking else ""


def seeds(trial: Trial, form: Form, seed: int) -> list[int]:
    """The seeds of a trial's rounds, from the campaign's own; another trial's or form's never change them."""
    random = Random(f"{seed} {trial.code}")
    return [random.randrange(1_000_000) for _ in range(trial.scales[form].rounds)]
