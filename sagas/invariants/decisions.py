"""What is decided once."""

from collections import Counter

from sagas.events import EventKind
from sagas.invariants.broken import holds
from sagas.invariants.run import Run

_ONCE = (
    EventKind.BRANCH_CHOSEN,
    EventKind.ITEMS_LISTED,
    EventKind.RESULTS_COLLECTED,
    EventKind.SIGNAL_AWAITED,
    EventKind.SIGNAL_TAKEN,
    EventKind.SIGNAL_DECLINED,
    EventKind.COMPENSATING,
)


def decisions_are_made_once(run: Run) -> None:
    """Branch/for_each decisions are recorded once and never re-evaluated."""
    if not any(event.kind in _ONCE for event in run.last.events):
        return
    made = Counter((event.kind, event.step) for event in run.history if event.kind in _ONCE)
    twice = [f"{kind} {step}" for (kind, step), count in made.items() if count > 1]
    holds(not twice, decisions_are_made_once, lambda: f"this was decided again: {', '.join(twice)}")


def the_definition_is_pinned(run: Run) -> None:
    """A saga goes on with the name, version and hash that it was started with."""
    before, after = run.last.before, run.last.after
    if before is not None and after is not None:
        pins = [(saga.saga, saga.version, saga.hash, saga.run) for saga in (before, after)]
        holds(pins[0] == pins[1], the_definition_is_pinned, lambda: f"{pins[0]} became {pins[1]}")


DECISIONS = (decisions_are_made_once, the_definition_is_pinned)
