"""Sagas that wait for an operator, and what operators do."""

from sagas.effects import Answered
from sagas.inputs import Command, CommandKind
from sagas.instance import Status
from sagas.invariants.broken import holds
from sagas.invariants.run import Run

_OPERATORS = (CommandKind.RETRY, CommandKind.RESOLVE, CommandKind.SKIP, CommandKind.RESUME, CommandKind.ABORT)


def parked_sagas_keep_still(run: Run) -> None:
    """Parked sagas emit nothing until an operator command."""
    last, this = run.last, parked_sagas_keep_still
    if last.before is None or last.before.status is not Status.NEEDS_ATTENTION or isinstance(last.given, Command):
        return
    holds(not last.sends, this, lambda: f"{last.given} made a parked saga send {[send.step for send in last.sends]}")
    status = None if last.after is None else last.after.status
    holds(status is Status.NEEDS_ATTENTION, this, lambda: f"{last.given} made a parked saga {status}")


def attention_is_asked_for(run: Run) -> None:
    """Every NEEDS_ATTENTION has a visible attention record, and nobody else has."""
    saga, raised = run.last.after, run.raised
    parked = saga is not None and saga.status is Status.NEEDS_ATTENTION
    this = attention_is_asked_for
    holds(parked == (raised is not None), this, lambda: f"the record is {raised}, the saga {saga}")
    if saga is not None and raised is not None and saga.attention is not None:
        same = (raised.since_ms, raised.step, raised.reason) == tuple(saga.attention)
        holds(same and raised.reason, this, lambda: f"{raised} is not what the state says: {saga}")


def operators_are_named(run: Run) -> None:
    """Operator actions are in the history with actor and reason."""
    last, this = run.last, operators_are_named
    given = last.given
    if not isinstance(given, Command) or given.kind not in _OPERATORS:
        return
    accepted = any(answer.ok for answer in last.of(Answered))
    named = any(event.actor == given.actor and given.actor for event in last.events)
    holds(
        accepted == bool(last.events), this, lambda: f"{given} was {'' if accepted else 'not '}accepted: {last.events}"
    )
    holds(named or not accepted, this, lambda: f"{given} was accepted, and nobody is named for it")


PARKING = (parked_sagas_keep_still, attention_is_asked_for, operators_are_named)
