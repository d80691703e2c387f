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


LANE = (nothing_leaves_an_aborted_transaction, memory_is_what_was_committed, crashes_change_no_outcome)
