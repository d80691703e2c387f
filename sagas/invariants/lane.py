"""What holds for a lane that runs sagas, whatever its transactions come to."""

from typing import Protocol

from sagas.effects import Effect
from sagas.instance import Instance
from sagas.invariants.broken import InvariantBroken, holds
from sagas.wire.instance import decode_instance


class Lane(Protocol):
    """A partition, and another one that got the same inputs and never failed."""

    store: dict[str, bytes]
    published: list[tuple[str, Effect]]
    memory: dict[str, Instance]
    offset: int


def nothing_leaves_an_aborted_transaction(lane: Lane, undisturbed: Lane) -> None:
    """Every command's cause offset is ≤ committed input offset (no command without a committed transition), and
    every transition that should emit a command has it: what is visible is what the committed inputs lead to."""
    this, seen, due = nothing_leaves_an_aborted_transaction, len(lane.published), len(undisturbed.published)
    found = f"{seen} effects are visible; the {lane.offset} committed inputs lead to {due}, or to others"
    holds(lane.published == undisturbed.published, this, lambda: found)


def memory_is_what_was_committed(lane: Lane, undisturbed: Lane) -> None:
    """In-memory state after an aborted transaction == last committed state."""
    for saga_id, instance in lane.memory.items():
        row = undisturbed.store.get(saga_id)
        kept = None if row is None else decode_instance(row)
        if instance != kept:
            found = f"saga {saga_id!r} is {instance} in memory, and {kept} was committed"
            raise InvariantBroken(memory_is_what_was_committed, found)


def crashes_change_no_outcome(lane: Lane, undisturbed: Lane) -> None:
    """Crash at any point, any number of times ⇒ same final outcome."""
    found = f"kept are {sorted(lane.store)}, and without a crash {sorted(undisturbed.store)}, or other states of them"
    holds(lane.store == undisturbed.store, crashes_change_no_outcome, lambda: found)


def other_sagas_change_nothing_of_it(lane: Lane, alone: Lane, saga_id: str) -> None:
    """Saga interleaving independence: outcome of saga A is unchanged by any other saga; `alone` got A's inputs only."""
    this, row = other_sagas_change_nothing_of_it, lane.store.get(saga_id)
    holds(row == alone.store.get(saga_id), this, lambda: f"saga {saga_id!r} is kept otherwise than alone")
    published, due = of_saga(lane, saga_id), of_saga(alone, saga_id)
    found = f"{len(published)} effects of saga {saga_id!r} are visible; alone it has {len(due)}, or others"
    holds(published == due, this, lambda: found)


def one_that_fails_holds_up_no_other(lane: Lane, without: Lane, inputs: int) -> None:
    """A poison record or failing saga delays others by at most a bounded time; partition offset advances: after as many
    transactions as there were inputs all are committed, and the others are as in a lane without the one that fails."""
    this = one_that_fails_holds_up_no_other
    holds(lane.offset == inputs, this, lambda: f"{lane.offset} of {inputs} inputs are committed")
    for saga_id, row in without.store.items():
        if lane.store.get(saga_id) != row or of_saga(lane, saga_id) != of_saga(without, saga_id):
            raise InvariantBroken(this, f"saga {saga_id!r} is not as it would be without the one that fails")


def of_saga(lane: Lane, saga_id: str) -> list[Effect]:
    """What is visible of one saga."""
    return [effect for one, effect in lane.published if one == saga_id]


LANE = (nothing_leaves_an_aborted_transaction, memory_is_what_was_committed, crashes_change_no_outcome)
NEIGHBOURS = (other_sagas_change_nothing_of_it, one_that_fails_holds_up_no_other)
"""What holds between the sagas of a lane; each is told what to compare."""
