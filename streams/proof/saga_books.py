"""The participants' side of a proof of sagas: credits, documents, and what each compensation did. Pure.

`streams.sagas.verifying` checks what the orchestrator says of itself; this holds it against what it asked others for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sagas.events import EventKind, HistoryEvent
from sagas.instance import Direction, Instance, Status, StepState, StepStatus
from sagas.keys import step_key
from sagas.participants.ledger import Account, Reservation
from sagas.participants.ledger import Status as ReservationStatus
from streams.proof.intake_load import earlier_id, release_id
from streams.proof.intakes import Case, Intake
from streams.sagas.verifying import Finding

ENDED = (Status.COMPLETED, Status.COMPENSATED)
NOT_BEGUN = StepState(StepStatus.NONE, StepStatus.NONE, 0, 0, 0, "", 0, b"")


@dataclass(slots=True)
class Books:
    """What was asked, what became of it, and what the participants hold.

    `effects` are the answers of participants, by request: whether it had an effect, as often as answers say different
    things. `cancelled` are the answers to those who asked to cancel. `documents` has each document's PUT.
    """

    asked: Mapping[str, Intake]
    granted: Mapping[str, int]
    sagas: Mapping[str, Instance | None]
    histories: Mapping[str, Sequence[HistoryEvent]]
    accounts: Mapping[str, Account]
    reservations: Mapping[str, Reservation]
    documents: Mapping[str, str]
    effects: Mapping[str, frozenset[bool]]
    cancelled: Mapping[str, bool]

    def had_effect(self, request_id: str) -> bool:
        """Whether a participant says that this request changed something."""
        return True in self.effects.get(request_id, ())


def audit(books: Books) -> list[Finding]:
    """All that is wrong; empty when all is well."""
    return [finding for check in CHECKS for finding in check(books)]


def all_are_there(books: Books) -> Iterator[Finding]:
    """Every saga that was asked for is there, and no other; each rests."""
    for document in {*books.asked, *books.sagas}:
        saga = books.sagas.get(document)
        if saga is None or document not in books.asked:
            yield Finding(document, "there", "it was asked for and is not there" if saga is None else "nobody asked")
        elif saga.status not in (*ENDED, Status.NEEDS_ATTENTION):
            yield Finding(document, "there", f"it is {saga.status}")


def ends_are_as_expected(books: Books) -> Iterator[Finding]:
    """Each ended as its case demands; where somebody meddled, as the answer to them says."""
    for document, saga in ended(books):
        intake = books.asked[document]
        expected = intake.ends
        if intake.case is Case.RELEASED and books.effects.get(release_id(document)) is not None:
            expected = frozenset((either(books.had_effect(release_id(document))),))
        elif intake.case is Case.CANCELLED and document in books.cancelled:
            expected = frozenset((either(books.cancelled[document]),))
        if saga.status not in expected:
            said = " or ".join(sorted(expected))
            yield Finding(document, "end", f"{intake.case}: it is {saga.status} instead of {said}: {saga.reason}")


def credits_add_up(books: Books) -> Iterator[Finding]:
    """Each tenant's credits sum to its grant; charged is what completed, and reserved what is parked."""
    for tenant, amount in books.granted.items():
        account = books.accounts.get(tenant, Account())
        mine = [(document, intake) for document, intake in books.asked.items() if intake.tenant == tenant]
        charged = sum(intake.credits for document, intake in mine if is_status(books, document, Status.COMPLETED))
        parked = sum(intake.credits for document, intake in mine if is_status(books, document, Status.NEEDS_ATTENTION))
        if not account.adds_up or account.granted != amount:
            yield Finding(tenant, "credits", f"{amount} were granted, and the account has {account}")
        if not charged <= account.charged <= charged + parked or account.reserved > parked:
            yield Finding(tenant, "credits", f"{charged} should be charged and {parked} are parked: {account}")


def reservations_are_closed_as_they_should(books: Books) -> Iterator[Finding]:
    """A completed saga's is charged; a compensated one's is released, if it ever was."""
    for document, saga in ended(books):
        found = books.reservations.get(document)
        done = step(saga, "reserve").status is StepStatus.DONE
        if saga.status is Status.COMPLETED:
            right = Reservation(ReservationStatus.CHARGED, books.asked[document].credits)
            if found != right:
                yield Finding(document, "reservation", f"it is {found} instead of {right}")
        elif done and (found is None or found.status is not ReservationStatus.RELEASED):
            yield Finding(document, "reservation", f"the saga is compensated and it is {found}")


def compensations_took_effect_once(books: Books) -> Iterator[Finding]:
    """What was done is undone by exactly one request with an effect; what was not, and what counts, by none."""
    for document, saga in ended(books):
        undone = saga.status is Status.COMPENSATED
        releases = [undo_of(document, saga, "reserve"), release_id(document)]
        yield from _once(books, document, saga, "reserve", releases, undone)
        yield from _once(books, document, saga, "put", [undo_of(document, saga, "put")], undone)


def _once(
    books: Books, document: str, saga: Instance, name: str, undos: Sequence[str], undone: bool
) -> Iterator[Finding]:
    state = step(saga, name)
    count = sum(books.had_effect(request) for request in undos)
    wanted = {int(undone and state.status is StepStatus.DONE)}
    if undone and state.status is StepStatus.IN_DOUBT:
        wanted = {0, 1}
    if count not in wanted:
        yield Finding(document, "compensation", f"{name} is {state.status} and was undone {count} times with effect")


def answers_never_differ(books: Books) -> Iterator[Finding]:
    """A request that was answered twice was answered the same."""
    for request_id, effects in books.effects.items():
        if len(effects) > 1:
            yield Finding(request_id, "answer", "it had an effect by one answer and none by another")


def index_holds_what_completed(books: Books) -> Iterator[Finding]:
    """The documents of completed sagas, each by its saga's own request, those that were there before, and no others."""
    expected = {
        document: earlier_id(document) for document, intake in books.asked.items() if intake.case is Case.EXISTS
    }
    parked = {document for document in books.asked if is_status(books, document, Status.NEEDS_ATTENTION)}
    for document, saga in ended(books):
        if saga.status is Status.COMPLETED:
            expected[document] = step_key(document, saga.run, "put", Direction.FORWARD)
    for document in {*expected, *books.documents} - parked:
        if books.documents.get(document) != expected.get(document):
            found, right = books.documents.get(document, "no request"), expected.get(document, "no request")
            yield Finding(document, "index", f"it was put by {found} instead of {right}")


def undo_of(document: str, saga: Instance, name: str) -> str:
    """The request by which a saga undoes a step."""
    return step_key(document, saga.run, name, Direction.BACKWARD)


def either(undone: bool) -> Status:
    """How a saga ends that somebody else undid, or failed to."""
    return Status.COMPENSATED if undone else Status.COMPLETED


def step(saga: Instance, name: str) -> StepState:
    """A step's state."""
    return saga.steps.get(name, NOT_BEGUN)


def ended(books: Books) -> Iterator[tuple[str, Instance]]:
    """The sagas that were asked for and have ended."""
    for document, saga in books.sagas.items():
        if saga is not None and saga.status in ENDED and document in books.asked:
            yield document, saga


def is_status(books: Books, document: str, status: Status) -> bool:
    """Whether a saga stands so."""
    saga = books.sagas.get(document)
    return saga is not None and saga.status is status


def repeated_attempts(books: Books) -> int:
    """How many commands were sent again."""
    sent = (EventKind.STEP_SENT, EventKind.UNDO_SENT)
    return sum(event.kind in sent and event.attempt > 1 for events in books.histories.values() for event in events)


CHECKS: tuple[Callable[[Books], Iterator[Finding]], ...] = (
    all_are_there,
    ends_are_as_expected,
    credits_add_up,
    reservations_are_closed_as_they_should,
    compensations_took_effect_once,
    answers_never_differ,
    index_holds_what_completed,
)
