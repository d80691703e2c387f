"""The batches that a host was asked for: their records, and the outcomes as they come."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from processors.contract import Inference
from processors.host.bisection import Group
from schemas.outcome import Outcome


class Job:
    """One call of `infer`. Its future is done when each record has an outcome."""

    def __init__(self, records: Sequence[Mapping[str, Any]], future: asyncio.Future[Inference]) -> None:
        self.records = records
        self.future = future
        self._outcomes: list[Outcome | None] = [None] * len(records)
        self._missing = len(records)
        self._attempts = [0] * len(records)
        self._compute_seconds = 0.0

    def slice(self, group: Group) -> Sequence[Mapping[str, Any]]:
        """The records of a group, which are counted as tried once more."""
        for row in range(group.low, group.high):
            self._attempts[row] += 1
        return self.records if group.size == len(self.records) else self.records[group.low : group.high]

    def answer(self, group: Group, outcomes: Sequence[Outcome], seconds: float = 0.0) -> None:
        """Take a group's outcomes; the last of them completes the job."""
        self._outcomes[group.low : group.high] = outcomes
        self._missing -= group.size
        self._compute_seconds += seconds
        if self._missing == 0 and not self.future.done():
            answered = [outcome for outcome in self._outcomes if outcome is not None]
            self.future.set_result(Inference(answered, self._compute_seconds, self._attempts))
