"""A transition whose records would be too large: it does not happen, and the saga is parked instead."""

from sagas.engine.advance import park
from sagas.engine.outcome import Outgrown
from sagas.engine.stalling import stall
from sagas.engine.turn import Turn
from sagas.inputs import Command, Input, Reply
from sagas.instance import Instance
from sagas.refusal import Refusal


def outgrown(before: Instance | None, turn: Turn, input: Input, problem: Outgrown) -> Turn | None:  # noqa: A002
    """The turn to take instead: a refused command, or a parked saga and the reply kept aside. None: no saga at all."""
    if before is None:
        return None
    made = turn.again(before)
    if isinstance(input, Command):
        made.refuse(Refusal.SAGA_TOO_LARGE, str(problem))
        return made
    if isinstance(input, Reply):
        made.orphan = str(problem)
        stall(made, input.key, str(problem))
    park(made, "", str(problem))
    return made
