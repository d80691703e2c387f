"""Reads the books of a proof of sagas: the ledger's changelog, the participants' answers, and the index's database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from json import loads
from typing import Any

from sagas.participants.ledger import Reservation
from sagas.participants.ledger import Status as ReservationStatus
from sagas.participants.ledger_book import RESERVATIONS
from sagas.wire.messages import LANE
from schemas.registry import Registry
from streams.binding import bind
from streams.client.any_decoder import AnyDecoder
from streams.client.reading import TopicReader
from streams.participants.index_store import open_store
from streams.proof.intake_load import cancel_id
from streams.proof.intakes import Intake
from streams.proof.saga_books import Books
from streams.sagas.verifying import Evidence
from streams.settings import Settings
from streams.state.wire import decode_key


def read_books(
    settings: Settings, registry: Registry, evidence: Evidence, asked: Iterable[Intake], granted: Mapping[str, int]
) -> Books:
    """The books, now that all is over; `evidence` was verified. Blocks; raises the client's errors."""
    intakes = {intake.document_id: intake for intake in asked}
    cancels = {cancel_id(document): document for document in intakes}
    told = list(answers(settings, registry, [bind(settings, LANE).results]))
    cancelled = {
        cancels[one["request_id"]]: str(one["status"]) == "COMPLETED"
        for one in told
        if one.get("request_id") in cancels
    }
    store = open_store(settings)
    try:
        documents = {document.document_id: document.put_by for document in store.documents()}
    finally:
        store.close()
    return Books(
        asked=intakes,
        granted=granted,
        sagas=evidence.folded,
        histories=evidence.histories,
        accounts=evidence.accounts,
        reservations=reservations(settings),
        documents=documents,
        effects=effects(settings, registry),
        cancelled=cancelled,
    )


def reservations(settings: Settings) -> Mapping[str, Reservation]:
    """The ledger's reservations by name, as its changelog has them; here no two tenants share a name."""
    reader, found = TopicReader(settings, "books"), dict[str, Reservation]()
    for record in reader.read(reader.spans(reader.partitions([bind(settings, "ledger").state]))):
        store, key = decode_key(record.key)
        if store == RESERVATIONS and record.value is not None:
            found[key.partition(b"\0")[2].decode()] = reservation(record.value)
    return found


def reservation(value: bytes) -> Reservation:
    """A reservation as the ledger keeps it."""
    kept = loads(value)
    return Reservation(ReservationStatus(kept["status"]), kept["amount"])


def effects(settings: Settings, registry: Registry) -> Mapping[str, frozenset[bool]]:
    """Whether requests had an effect, by what their participants answered: to sagas, and to others."""
    topics = [bind(settings, LANE).requests[0], *(bind(settings, lane).results for lane in ("ledger", "index"))]
    found: dict[str, set[bool]] = defaultdict(set)
    for one in answers(settings, registry, topics):
        if "effect" in one:
            found[one["request_id"]].add(one["effect"] is True)
    return {request_id: frozenset(said) for request_id, said in found.items()}


def answers(settings: Settings, registry: Registry, topics: list[str]) -> Iterator[Mapping[str, Any]]:
    """Every record of these topics."""
    reader, decode = TopicReader(settings, "books"), AnyDecoder(registry)
    for record in reader.read(reader.spans(reader.partitions(topics))):
        if record.value is not None:
            yield decode(record.value)
