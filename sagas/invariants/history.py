"""The history, and the state that follows from it."""

from sagas.effects import Answered, Orphaned, Record
from sagas.events import EventKind
from sagas.inputs import Command, Reply
from sagas.invariants.broken import InvariantBroken, holds
from sagas.invariants.run import Run
from sagas.wire.history import decode_event
from sagas.wire.instance import decode_instance


def state_is_the_fold_of_the_history(run: Run) -> None:
    """state == fold(history) at every seq; seq contiguous from 0; history append-only."""
    last, this = run.last, state_is_the_fold_of_the_history
    wrong = [event.at_ms for event in last.events if event.at_ms != last.now_ms]
    holds(not wrong, this, lambda: f"events are of {wrong}, the input was of {last.now_ms}")
    first = len(run.history) - len(last.events)
    numbers = [event.seq for event in last.events]
    holds(numbers == list(range(first, len(run.history))), this, lambda: f"after {first} events come {numbers}")
    holds(run.folded == last.after, this, lambda: f"the state is {last.after}, and the history makes {run.folded}")
    same = bool(last.events) or last.before == last.after
    holds(same, this, lambda: f"without an event, {last.before} became {last.after}")


def what_is_kept_can_be_read_back(run: Run) -> None:
    """Rebuild from changelog == rebuild from history == live state, after every step."""
    last, this = run.last, what_is_kept_can_be_read_back
    if last.state is not None:
        kept = decode_instance(last.state)
        holds(kept == last.after, this, lambda: f"{last.after} is kept as {kept}")
    elif last.events and not (last.after is None and last.events[-1].kind is EventKind.FORGOTTEN):
        raise InvariantBroken(this, f"there are events, and nothing is kept of {last.after}")
    for record in last.of(Record):
        if decode_event(record.body) != record.event:
            raise InvariantBroken(this, f"{record.event} is kept as {decode_event(record.body)}")


def same_input_same_bytes(run: Run) -> None:
    """Same inputs ⇒ byte-identical outputs (determinism of the reducer), independent of crash points."""
    last = run.last
    same = last.repeated is None or last.repeated == last.effects
    this = same_input_same_bytes
    holds(same, this, lambda: f"{last.given} had these effects: {last.effects}, then these: {last.repeated}")


def each_command_is_answered_once(run: Run) -> None:
    """Each command gets exactly one answer; a reply gets none, and is set aside at most once."""
    last, this = run.last, each_command_is_answered_once
    answers, orphans = len(last.of(Answered)), len(last.of(Orphaned))
    holds(answers == isinstance(last.given, Command), this, lambda: f"{last.given} has {answers} answers")
    holds(orphans <= isinstance(last.given, Reply), this, lambda: f"{last.given} was set aside {orphans} times")


def no_reply_is_dropped(run: Run) -> None:
    """A reply that no step awaits, or ever awaited, goes to the orphans: it is never silently dropped."""
    last, this = run.last, no_reply_is_dropped
    given = last.given
    if isinstance(given, Reply) and not last.of(Orphaned):
        known = last.before is not None and any(asked.key == given.key for asked in run.asked.values())
        holds(known, this, lambda: f"nobody knows the key of {given}, and it was not set aside")


HISTORY = (
    state_is_the_fold_of_the_history,
    what_is_kept_can_be_read_back,
    same_input_same_bytes,
    each_command_is_answered_once,
    no_reply_is_dropped,
)
