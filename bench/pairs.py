"""Ratios of two contestants that take turns, so that both meet the same machine."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True)
class Ratio:
    """The figures of both, in the order in which they were measured."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def each(self) -> list[float]:
        """The ratio of each pair."""
        return [one / other for one, other in zip(self.ours, self.theirs, strict=True)]

    @property
    def value(self) -> float:
        """The median of the pairs' ratios."""
        return median(self.each)

    @property
    def spread(self) -> str:
        """The lowest and the highest pair."""
        return f"{min(self.each):.2f} to {max(self.each):.2f} in {len(self.each)} pairs"


def take_turns(contestants: dict[str, Measure], rounds: int) -> dict[str, tuple[float, ...]]:
    """Measures each in turn, `rounds` times; every other round goes backwards."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        order = list(contestants)
        for name in order if number % 2 == 0 else reversed(order):
            found[name].append(contestants[name]())
    return {name: tuple(figures) for name, figures in found.items()}
