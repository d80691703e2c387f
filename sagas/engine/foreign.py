"""Sagas whose code this worker lacks: they are parked one by one, and the partition goes on."""

from sagas.apply import RETAIN
from sagas.catalogue import Catalogue
from sagas.compiled import NOTHING
from sagas.engine.advance import park
from sagas.engine.stalling import stall
from sagas.engine.turn import Turn
from sagas.events import EventKind
from sagas.inputs import Command, CommandKind, Input, Reply
from sagas.instance import Instance
from sagas.limits import Limits
from sagas.refusal import Refusal


def without_code(catalogue: Catalogue, instance: Instance, input: Input, now_ms: int, limits: Limits) -> Turn:  # noqa: A002
    """Parks the saga; a command is refused, but for ABORT; a reply is kept aside, and had anew by resuming."""
    reason = lacking(catalogue, instance)
    turn = Turn(instance.copy(), NOTHING, now_ms, limits)
    if isinstance(input, Command):
        _refuse(turn, input, reason)
        return turn
    if isinstance(input, Reply):
        turn.orphan = reason
        stall(turn, input.key, reason)
    elif input.name == RETAIN:
        turn.record(EventKind.FORGOTTEN)
        return turn
    park(turn, "", reason)
    return turn


def lacking(catalogue: Catalogue, instance: Instance) -> str:
    """Why this worker can't go on with a saga."""
    if catalogue.find(instance.saga, instance.version) is None:
        return catalogue.missing(instance.saga, instance.version)
    return (
        f"this worker's version {instance.version} of saga {instance.saga!r} is not the one that was started"
        f" ({instance.hash}): give a changed definition a new version"
    )


def _refuse(turn: Turn, command: Command, reason: str) -> None:
    if command.kind is CommandKind.ABORT and command.actor and not turn.instance.ended:
        turn.record(EventKind.ABORTED, actor=command.actor, reason=command.reason)
        turn.accept("aborted; nothing was undone")
    else:
        turn.refuse(Refusal.SAGA_UNKNOWN, reason)
