"""Whether what the topics say of sagas holds together. Pure: the evidence is read elsewhere.

Each check is a function from the evidence to what it found wrong; what it checks holds after any crash, and while sagas
run, because each topic was written in the same transactions. What retention took from a topic is no fault: what can't
be judged without it is left out, and counted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from sagas.errors import HistoryError
from sagas.events import EventKind, HistoryEvent
from sagas.fold import fold
from sagas.instance import Instance, Status, StepState, StepStatus
from sagas.participants.ledger import Account
from sagas.paths import split_path
from streams.sagas.credits import Credits
from streams.sagas.endings import endings_in, published_in, too_old
from streams.sagas.horizon import Topics, cut, gaps, is_rest_of

Key: TypeAlias = tuple[str, int]
"""An idempotency key and an attempt."""
SENT = (EventKind.STEP_SENT, EventKind.UNDO_SENT)
EFFECTIVE = (StepStatus.DONE, StepStatus.IN_DOUBT)


class Finding(NamedTuple):
    """Something that is wrong: with which saga, found by which check."""

    saga_id: str
    check: str
    message: str


@dataclass(slots=True)
class Evidence:
    """What the topics hold; `folded` are the sagas that their histories make, where they make one.

    `commands` counts those that participants got; it is None where some may have been deleted. `senders` says which
    saga sent each of them, and when. `forms` are the released definitions. `accounts` are the ledger's, by tenant;
    `reserved` is what its open reservations add up to; `credits` has what sagas made of them. `topics` says how far
    back the other topics reach.

    `unjudged` are the sagas too old for a check, by its name; of those whose history lost its beginning, `folded` has
    what is kept.
    """

    histories: Mapping[str, list[HistoryEvent]]
    states: Mapping[str, Instance]
    outcomes: Iterable[Mapping[str, Any]]
    attention: Iterable[Mapping[str, Any]]
    commands: Mapping[Key, int] | None
    forms: Mapping[tuple[str, int], Mapping[str, Any]]
    accounts: Mapping[str, Account] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)
    senders: Mapping[Key, tuple[str, int]] = field(default_factory=dict)
    credits: Credits = field(default_factory=Credits)
    topics: Topics = field(default_factory=Topics)
    folded: dict[str, Instance | None] = field(default_factory=dict)
    unjudged: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def verify(evidence: Evidence) -> list[Finding]:
    """All that is wrong; empty when all is well."""
    return [finding for check in CHECKS for finding in check(evidence)]


def statuses(evidence: Evidence) -> dict[str, int]:
    """How many sagas stand how; those that were forgotten are left out."""
    return dict(Counter(str(saga.status) for saga in evidence.folded.values() if saga is not None))


def not_judged(evidence: Evidence) -> dict[str, int]:
    """How many sagas were too old for each check, once they were verified; `sagas` counts each saga once."""
    counts = {check: len(sagas) for check, sagas in sorted(evidence.unjudged.items())}
    return {"sagas": len(set().union(*evidence.unjudged.values())), **counts}


def histories_fold(evidence: Evidence) -> Iterator[Finding]:
    """Every history is whole: numbered without gap or repetition, from a start on."""
    for saga_id, events in evidence.histories.items():
        kept = evidence.states.get(saga_id)
        lost = cut(events, kept, evidence.topics.history)
        try:
            if lost < len(events):
                evidence.folded[saga_id] = fold(events[lost:])
        except HistoryError as error:
            yield Finding(saga_id, "history", str(error))
        if lost:
            yield from rest_holds(evidence, saga_id, events[:lost], ends=lost == len(events))


def rest_holds(evidence: Evidence, saga_id: str, rest: list[HistoryEvent], *, ends: bool) -> Iterator[Finding]:
    """A run whose start is gone: what is left of it has no gap, and `ends` as the saga is kept."""
    evidence.unjudged["history"].add(saga_id)
    for error in gaps(rest):
        yield Finding(saga_id, "history", str(error))
    if not ends:
        return
    kept, last = evidence.states.get(saga_id), rest[-1]
    if is_rest_of(kept, last):
        evidence.folded[saga_id] = kept
    else:
        message = f"it is kept as {told(kept)}, and its history ends with event {last.seq} ({last.kind})"
        yield Finding(saga_id, "state", f"{message} of run {last.run}")


def states_are_folds(evidence: Evidence) -> Iterator[Finding]:
    """What the orchestrator keeps of a saga is what its history makes of it."""
    for saga_id in {*evidence.folded, *evidence.states}:
        state, made = evidence.states.get(saga_id), evidence.folded.get(saga_id)
        if saga_id not in evidence.histories and state is not None:
            if evidence.topics.history.lost(saga_id, state.updated_ms):
                evidence.unjudged["history"].add(saga_id)
                evidence.folded[saga_id] = state
            else:
                yield Finding(saga_id, "state", "it is kept, and has no history")
        elif saga_id in evidence.folded and state != made:
            yield Finding(saga_id, "state", f"it is kept as {told(state)}, and its history makes {told(made)}")


def endings_are_published_once(evidence: Evidence) -> Iterator[Finding]:
    """Each end of a saga is one outcome, and the other way round."""
    ended, published = endings_in(evidence.histories), published_in(evidence.outcomes)
    for place in {*ended, *published}:
        (saga_id, run, status), told_at, said_at = place, ended[place], published[place]
        if too_old(evidence.topics, saga_id, told_at, said_at):
            evidence.unjudged["ending"].add(saga_id)
        elif (len(told_at), len(said_at)) != (1, 1):
            counts = f"{len(told_at)} times in its history, {len(said_at)} times among the outcomes"
            yield Finding(saga_id, "ending", f"run {run} is {status} {counts}")


def attention_is_asked_for(evidence: Evidence) -> Iterator[Finding]:
    """Each parked saga is on the list of those that wait for a person, and nobody else is."""
    parked = {
        saga_id
        for saga_id, saga in evidence.folded.items()
        if saga is not None and saga.status is Status.NEEDS_ATTENTION
    }
    listed = {one["saga_id"] for one in evidence.attention if one["saga_id"] in evidence.folded}
    for saga_id in parked - listed:
        yield Finding(saga_id, "attention", "it is parked, and no record asks for attention")
    for saga_id in listed - parked:
        yield Finding(saga_id, "attention", "a record asks for attention, and it is not parked")


def commands_were_sent_once(evidence: Evidence) -> Iterator[Finding]:
    """Each command of a history reached its participant's topic, once for each attempt; and no other command did."""
    if evidence.commands is None:
        return
    owners = {
        (str(event.body["key"]), event.attempt): saga_id
        for saga_id, events in evidence.histories.items()
        for event in events
        if event.kind in SENT
    }
    for place in {*owners, *evidence.commands}:
        found = evidence.commands.get(place, 0)
        saga_id, at_ms = evidence.senders.get(place, ("", 0))
        if place not in owners and found == 1 and saga_id and evidence.topics.history.lost(saga_id, at_ms):
            evidence.unjudged["command"].add(saga_id)
        elif place not in owners or found != 1:
            known = "in a history" if place in owners else "in no history"
            message = f"the command {place[0]}, attempt {place[1]}, is {known} and {found} times on the request topics"
            yield Finding(owners.get(place, ""), "command", message)


def completed_ones_undid_nothing(evidence: Evidence) -> Iterator[Finding]:
    """A completed saga has no compensation, and no step that is still open."""
    for saga_id, saga in of_status(evidence, Status.COMPLETED):
        for path, state in saga.steps.items():
            if state.undo is not StepStatus.NONE or state.open:
                yield Finding(saga_id, "completed", f"step {path} is {told_step(state)}")


def compensated_ones_undid_all(evidence: Evidence) -> Iterator[Finding]:
    """In a compensated saga, each step that was done or may have been is undone, or an operator skipped that."""
    for saga_id, saga in of_status(evidence, Status.COMPENSATED):
        steps = evidence.forms.get((saga.saga, saga.version), {}).get("steps", {})
        for path, state in saga.steps.items():
            undoable = steps.get(split_path(path)[0], {}).get("compensation") is not None
            if state.open or (undoable and state.status in EFFECTIVE and not settled(state.undo)):
                yield Finding(saga_id, "compensated", f"step {path} is {told_step(state)}")
            if state.undo is not StepStatus.NONE and state.status not in EFFECTIVE:
                yield Finding(saga_id, "compensated", f"step {path} is {state.status}, and yet it was undone")


def credits_add_up(evidence: Evidence) -> Iterator[Finding]:
    """What was granted to a tenant is what is free, reserved and charged; what is reserved are its reservations."""
    for tenant, account in evidence.accounts.items():
        if not account.adds_up:
            yield Finding("", "credits", f"tenant {tenant!r} does not add up: {account}")
        if account.reserved != evidence.reserved.get(tenant, 0):
            held = evidence.reserved.get(tenant, 0)
            yield Finding("", "credits", f"tenant {tenant!r} has {account.reserved} reserved, in reservations {held}")


def reservations_are_as_sagas_left_them(evidence: Evidence) -> Iterator[Finding]:
    """What a saga charged is charged, and what it released is released."""
    for saga_id, saga in evidence.folded.items():
        for message in () if saga is None else evidence.credits.faults(saga):
            yield Finding(saga_id, "credits", message)


def of_status(evidence: Evidence, status: Status) -> Iterator[tuple[str, Instance]]:
    """The sagas that stand so."""
    for saga_id, saga in evidence.folded.items():
        if saga is not None and saga.status is status:
            yield saga_id, saga


def settled(undo: StepStatus) -> bool:
    """Whether a compensation was done, or skipped by an operator."""
    return undo in (StepStatus.DONE, StepStatus.SKIPPED)


def told_step(state: StepState) -> str:
    """A step in short."""
    return f"{state.status}, its undo {state.undo or 'not sent'}"


def told(saga: Instance | None) -> str:
    """A saga in short."""
    return "nothing" if saga is None else f"{saga.status} at event {saga.seq} of run {saga.run}"


CHECKS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    histories_fold,
    states_are_folds,
    endings_are_published_once,
    attention_is_asked_for,
    commands_were_sent_once,
    completed_ones_undid_nothing,
    compensated_ones_undid_all,
    credits_add_up,
    reservations_are_as_sagas_left_them,
)
