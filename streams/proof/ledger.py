"""The checker: holds what was asked against what was answered. Pure; the verdict is data.

The promise: every request has one answer, the right one; a key's answers come in the order of its requests.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from streams.proof.asked import parse

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a reader saw it: what the record says, and where and when it was read (seconds, monotonic)."""

    request_id: str
    status: str
    payload: bytes | None
    ce_id: str
    partition: int
    offset: int
    replayed: bool
    moment: float


@dataclass(slots=True)
class Outage:
    """A time in which nothing could be answered, from `began` to `ended` (seconds, monotonic): no part of any gap."""

    began: float
    ended: float = math.inf

    def within(self, since: float, until: float) -> float:
        """How much of it lies between two moments."""
        return max(0.0, min(self.ended, until) - max(self.began, since))


class Checker(Protocol):
    """What takes answers in the order in which they lie in each partition of the result topic."""

    def note(self, answer: Answer) -> None:
        """Takes one answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker found; each count but `asked` and `answers` is zero when the promise held."""

    asked: int
    answers: int
    missing: int
    duplicates: int
    disorders: int
    wrong: int
    strangers: int
    longest_gap: float
    examples: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the promise held."""
        return not (self.missing or self.duplicates or self.disorders or self.wrong or self.strangers)

    def __str__(self) -> str:
        said = (
            f"asked {self.asked}, answers {self.answers}, missing {self.missing}, duplicates {self.duplicates}, "
            f"out of order {self.disorders}, wrong {self.wrong}, unknown {self.strangers}, "
            f"longest gap of a partition {self.longest_gap:.2f} s"
        )
        return "; ".join((said, *self.examples))


@dataclass
class Ledger:
    """Takes answers in the order in which they lie in each partition of the result topic."""

    outages: list[Outage] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    _last: dict[str, int] = field(default_factory=dict)
    _found: dict[str, list[str]] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _moments: dict[int, float] = field(default_factory=dict)
    _longest_gap: float = 0.0

    def note(self, answer: Answer) -> None:
        """Takes one answer."""
        self.answers += 1
        before = self._moments.get(answer.partition, answer.moment)
        away = sum([outage.within(before, answer.moment) for outage in self.outages])
        self._longest_gap = max(self._longest_gap, answer.moment - before - away)
        self._moments[answer.partition] = answer.moment
        self.answered[answer.ce_id] += 1
        if self.answered[answer.ce_id] > 1:
            self._find("duplicates", f"{answer.request_id} again at {answer.partition}:{answer.offset}")
            return
        try:
            asked = parse(answer.request_id)
        except ValueError as error:
            self._find("strangers", str(error))
            return
        if answer.status != "COMPLETED" or answer.payload != asked.payload or answer.replayed:
            self._find("wrong", f"{answer.request_id} is {answer.status} with {answer.payload!r:.40}")
        if asked.number <= self._last.get(asked.key, -1):
            self._find("disorders", f"{answer.request_id} after number {self._last[asked.key]}")
        self._last[asked.key] = asked.number

    def verdict(self, places: Mapping[str, str]) -> Verdict:
        """The verdict on what was asked: request_id to the place (`topic:partition:offset`) of each request."""
        known = set(places.values())
        missing = [request_id for request_id, place in places.items() if place not in self.answered]
        strange = [place for place in self.answered if place not in known]
        self._found["missing"], self._counts["missing"] = missing[:SHOWN], len(missing)
        examples = [f"{kind}: {', '.join(found)}" for kind, found in self._found.items() if found]
        if strange:
            examples.append(f"answers to what nobody asked: {', '.join(strange[:SHOWN])}")
        return Verdict(
            asked=len(places),
            answers=self.answers,
            missing=len(missing),
            duplicates=self._counts["duplicates"],
            disorders=self._counts["disorders"],
            wrong=self._counts["wrong"],
            strangers=self._counts["strangers"] + len(strange),
            longest_gap=self._longest_gap,
            examples=tuple(examples),
        )

    def _find(self, kind: str, example: str) -> None:
        self._counts[kind] += 1
        found = self._found.setdefault(kind, [])
        if len(found) < SHOWN:
            found.append(example)
