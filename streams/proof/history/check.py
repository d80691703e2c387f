"""Judges a history: every check there is, and whether enough of it succeeded to mean something."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from streams.proof.history import orders, writes
from streams.proof.history.operations import Fate, History

SHOWN = 5

CHECKS: Mapping[str, Callable[[History], Iterator[str]]] = {
    "aborted read": writes.aborted_reads,
    "precommitted read": writes.precommitted_reads,
    "lost write": writes.lost_writes,
    "unseen": writes.unseen,
    "duplicate": writes.duplicates,
    "torn transaction": writes.torn_transactions,
    "stranger": writes.strangers,
    "inconsistent offsets": orders.inconsistent_offsets,
    "poll skip": orders.poll_skips,
    "non-monotonic poll": orders.nonmonotonic_polls,
    "non-monotonic send": orders.nonmonotonic_sends,
    "reordered": orders.reordered,
    "misplaced cause": orders.misplaced_causes,
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How operations ended, and how many records readers were given."""

    ok: int
    fail: int
    info: int
    aborted_on_purpose: int
    polls: int
    seen: int
    readers: int

    def __str__(self) -> str:
        return (
            f"sends: {self.ok} ok, {self.fail} failed or aborted, {self.info} unknown; "
            f"{self.polls} polls by {self.readers} readers saw {self.seen} records"
        )


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the checks found: how many of each kind, with some examples."""

    counts: Counts
    anomalies: Mapping[str, int]
    examples: Mapping[str, tuple[str, ...]]
    wanted: int

    @property
    def enough(self) -> bool:
        """Whether at least so many sends succeeded as were wanted, and readers saw something."""
        return self.counts.ok >= self.wanted and self.counts.seen > 0

    @property
    def holds(self) -> bool:
        """Whether there is no anomaly, in a history that means something."""
        return self.enough and not any(self.anomalies.values())

    def lines(self) -> list[str]:
        """The figures, for people."""
        found = [
            f"{name}: {count}, such as {self.examples[name][0]}" for name, count in self.anomalies.items() if count
        ]
        few = [] if self.enough else [f"only {self.counts.ok} sends succeeded, {self.wanted} were wanted"]
        return [str(self.counts), *few, *(found or ["no anomaly"])]


def check(history: History, wanted: int = 1) -> Analysis:
    """Runs every check; a history in which fewer than `wanted` sends succeeded does not hold."""
    anomalies: dict[str, int] = {}
    examples: dict[str, tuple[str, ...]] = {}
    for name, find in CHECKS.items():
        found = find(history)
        shown = tuple(islice(found, SHOWN))
        anomalies[name] = sum(1 for _ in chain(shown, found))
        if shown:
            examples[name] = shown
    return Analysis(counted(history), anomalies, examples, max(1, wanted))


def counted(history: History) -> Counts:
    """The history's figures."""
    fates = [send.fate for send in history.sends]
    return Counts(
        ok=fates.count(Fate.OK),
        fail=fates.count(Fate.FAIL),
        info=fates.count(Fate.INFO),
        aborted_on_purpose=sum(
            send.transaction and send.fate is Fate.FAIL and send.committing is None for send in history.sends
        ),
        polls=len(history.polls),
        seen=sum(len(poll.seen) for poll in history.polls),
        readers=len({poll.process for poll in history.polls}),
    )
