"""A checker for loads without end: of each key it remembers one number, the next that must be answered. Pure.

A key's requests are numbered, and its answers must come in that order and be in it without a gap: so what comes twice,
too late or not at all shows at once, in memory that does not grow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.proof.asked import parse
from streams.proof.ledger import SHOWN, Answer, Verdict


@dataclass
class Stride:
    """Takes answers in the order in which they lie in each partition of the result topic."""

    answers: int = 0
    _next: dict[str, int] = field(default_factory=dict)
    _moments: dict[int, float] = field(default_factory=dict)
    _repeated: int = 0
    _skipped: int = 0
    _wrong: int = 0
    _strange: int = 0
    _longest_gap: float = 0.0
    _examples: list[str] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """Takes one answer."""
        self.answers += 1
        before = self._moments.get(answer.partition, answer.moment)
        self._longest_gap = max(self._longest_gap, answer.moment - before)
        self._moments[answer.partition] = answer.moment
        try:
            asked = parse(answer.request_id)
        except ValueError as error:
            self._strange += 1
            self._show(str(error))
            return
        if answer.status != "COMPLETED" or answer.payload != asked.payload or answer.replayed:
            self._wrong += 1
            self._show(f"{answer.request_id} is {answer.status}")
        self._step(asked.key, asked.number)

    def verdict(self, sent: Mapping[str, int]) -> Verdict:
        """The verdict on what was sent: how many requests of each key.

        A number that comes when a later one was there already counts as a duplicate, and was missing before.
        """
        left = sum(max(0, count - self._next.get(key, 0)) for key, count in sent.items())
        beyond = sum(max(0, reached - sent.get(key, 0)) for key, reached in self._next.items())
        return Verdict(
            asked=sum(sent.values()),
            answers=self.answers,
            missing=self._skipped + left,
            duplicates=self._repeated,
            disorders=0,
            wrong=self._wrong,
            strangers=self._strange + beyond,
            longest_gap=self._longest_gap,
            examples=tuple(self._examples),
        )

    def _step(self, key: str, number: int) -> None:
        expected = self._next.get(key, 0)
        if number < expected:
            self._repeated += 1
            self._show(f"{key}.{number} again, or late, after {expected - 1}")
            return
        if number > expected:
            self._skipped += number - expected
            self._show(f"{key}.{number} after {expected - 1}")
        self._next[key] = number + 1

    def _show(self, example: str) -> None:
        if len(self._examples) < SHOWN:
            self._examples.append(example)
