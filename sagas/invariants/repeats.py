"""What comes twice, too late, or out of order."""

from sagas.inputs import Command, CommandKind
from sagas.invariants.broken import InvariantBroken
from sagas.invariants.run import Run
from sagas.invariants.subjects import NOTED, subject_of


def repeats_change_nothing(run: Run) -> None:
    """Late/duplicate/reordered replies and signals never change the outcome: the first counts, others are noted."""
    last = run.last
    subject = subject_of(last.given)
    if subject is not None and subject in run.counted:
        beyond = [str(event.kind) for event in last.events if event.kind not in NOTED]
        if beyond or last.sends:
            found = f"{last.given} counted before, and now led to {', '.join(beyond)}"
            raise InvariantBroken(repeats_change_nothing, found)


def started_twice_is_started_once(run: Run) -> None:
    """A start of a saga that is there changes nothing, whatever it says."""
    last = run.last
    again = isinstance(last.given, Command) and last.given.kind is CommandKind.START and last.before is not None
    if again and (last.events or last.before != last.after):
        found = f"{last.given} led to {[str(event.kind) for event in last.events]}"
        raise InvariantBroken(started_twice_is_started_once, found)


REPEATS = (repeats_change_nothing, started_twice_is_started_once)
