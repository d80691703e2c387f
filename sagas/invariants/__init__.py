"""What is true of every saga, whatever happens: each invariant is a function with its text as docstring.

`check(run)` after each transition; whoever has inputs, effects and states of a real saga can build a `Run` of them.
"""

from collections.abc import Callable

from sagas.invariants.broken import InvariantBroken, text_of
from sagas.invariants.commands import COMMANDS
from sagas.invariants.decisions import DECISIONS
from sagas.invariants.deeds import Deeds
from sagas.invariants.effects import EFFECTS
from sagas.invariants.endings import ENDINGS
from sagas.invariants.history import HISTORY
from sagas.invariants.order import ORDER
from sagas.invariants.parking import PARKING
from sagas.invariants.repeats import REPEATS
from sagas.invariants.run import Run, Transition
from sagas.invariants.timers import TIMERS

Invariant = Callable[[Run], None]
INVARIANTS: tuple[Invariant, ...] = (
    *HISTORY,
    *COMMANDS,
    *REPEATS,
    *TIMERS,
    *ORDER,
    *ENDINGS,
    *DECISIONS,
    *PARKING,
    *EFFECTS,
)

__all__ = ["EFFECTS", "INVARIANTS", "Deeds", "Invariant", "InvariantBroken", "Run", "Transition", "check", "text_of"]


def check(run: Run) -> None:
    """Raises InvariantBroken for the first invariant that does not hold after the newest transition."""
    for invariant in INVARIANTS:
        invariant(run)
