"""A document with a picture of a digit goes into the index, for credits.

reserve credits -> embed the text, and read the picture -> put both into the index -> charge -> announce it

What fails before the charge is undone: the document is deleted, the credits are released. The charge decides; after it
the announcement is repeated until it is there.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from sagas.definition import Saga
from sagas.durations import days, hours
from sagas.flow import parallel, pivot, seq
from sagas.participants.index import Rejection as IndexRejection
from sagas.participants.index_request import MAX_DOCUMENT_ID
from sagas.participants.ledger import Rejection as LedgerRejection
from sagas.participants.ledger_request import MAX_NAME
from sagas.policy import Deadline, Effect, Kind
from sagas.records import ReplyRecord, SagaRecord
from sagas.undo import Done, InDoubt

MAX_TEXT = 32_768
MAX_IMAGE = 4_096
CHARACTERS_PER_CREDIT = 1_000


class Intake(SagaRecord):
    """Starts an intake. The saga's id is the document's; the image is 8 x 8 bytes from 0 to 16, in base64."""

    document_id: Annotated[str, Field(min_length=1, max_length=MAX_DOCUMENT_ID)]
    tenant: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    text: Annotated[str, Field(max_length=MAX_TEXT)]
    image: Annotated[bytes, Field(max_length=MAX_IMAGE)]


class Document(SagaRecord):
    """What is known of the document so far. `embedding` is a tensor's bytes, and there until the index has them."""

    document_id: str
    tenant: str
    text: str
    image: bytes
    credits: int
    dtype: str = ""
    shape: tuple[int, ...] = ()
    embedding: bytes = b""
    tokens: int = 0
    digit: int = -1
    confidence: float = 0.0


class Tensor(ReplyRecord):
    """A dense array."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class Embedded(ReplyRecord):
    """What is wanted of an embedding."""

    embedding: Tensor
    tokens: int


class Classified(ReplyRecord):
    """What is wanted of a reading."""

    label: int
    confidence: float


class Changed(ReplyRecord):
    """Whether a participant's books or shelves were changed."""

    effect: bool


def document_id(start: Intake) -> str:
    """The saga's id."""
    return start.document_id


def begun(start: Intake) -> Document:
    """The document with its price: a credit for every thousand characters begun."""
    price = 1 + len(start.text) // CHARACTERS_PER_CREDIT
    return Document(
        document_id=start.document_id, tenant=start.tenant, text=start.text, image=start.image, credits=price
    )


def tenant(document: Document) -> str:
    """The ledger's key."""
    return document.tenant


saga = Saga(
    name="document-intake",
    version=1,
    start=Intake,
    data=Document,
    saga_id=document_id,
    initial=begun,
    deadline=Deadline(hours(24)),
    # The reservation has the document's name, and the ledger remembers a closed one for eight days.
    retain_ms=days(9),
)


@saga.step(
    send="ledger",
    key=tenant,
    reply=Changed,
    rejects=(
        LedgerRejection.INSUFFICIENT_CREDIT,
        LedgerRejection.RESERVATION_EXISTS,
        LedgerRejection.RESERVATION_RELEASED,
        LedgerRejection.RESERVATION_CHARGED,
    ),
    effect=Effect.KAFKA,
)
def reserve(document: Document) -> Mapping[str, Any]:
    """Sets the price aside."""
    return _ledger(document, "RESERVE", document.credits)


@reserve.compensate(send="ledger")
def release(document: Document, outcome: Done[Changed] | InDoubt) -> Mapping[str, Any]:
    """Gives it back; of a reservation that never was, the ledger remembers that it may not come."""
    return _ledger(document, "RELEASE")


@saga.step(send="embed", reply=Embedded, kind=Kind.READ_ONLY)
def embed(document: Document) -> Mapping[str, Any]:
    """The text as a vector."""
    return {"text": document.text}


@embed.on_reply
def embedded(document: Document, reply: Embedded) -> Document:
    """The vector, for the index."""
    found = reply.embedding
    return document.model_copy(
        update={"dtype": found.dtype, "shape": found.shape, "embedding": found.data, "tokens": reply.tokens}
    )


@saga.step(send="digits", reply=Classified, kind=Kind.READ_ONLY)
def classify(document: Document) -> Mapping[str, Any]:
    """The digit in the picture."""
    return {"image": {"dtype": "uint8", "shape": [8, 8], "data": document.image}}


@classify.on_reply
def classified(document: Document, reply: Classified) -> Document:
    """The digit; the picture is not needed any more."""
    return document.model_copy(update={"digit": reply.label, "confidence": reply.confidence, "image": b""})


@saga.step(send="index", reply=Changed, rejects=(IndexRejection.DOCUMENT_EXISTS, IndexRejection.UNDONE))
def put(document: Document) -> Mapping[str, Any]:
    """Into the index."""
    return {
        "operation": "PUT",
        "document_id": document.document_id,
        "text": document.text,
        "metadata": {"tenant": document.tenant, "digit": str(document.digit)},
        "embedding": {"dtype": document.dtype, "shape": list(document.shape), "data": document.embedding},
        "undo_of": "",
    }


@put.on_reply
def kept(document: Document, reply: Changed) -> Document:
    """The index has text and vector."""
    return document.model_copy(update={"text": "", "embedding": b""})


@put.compensate(send="index")
def delete(document: Document, outcome: Done[Changed] | InDoubt) -> Mapping[str, Any]:
    """Out of the index, and never into it by that very request, should it come late."""
    return {
        "operation": "DELETE",
        "document_id": document.document_id,
        "text": "",
        "metadata": {},
        "embedding": None,
        "undo_of": outcome.key,
    }


@saga.step(
    send="ledger",
    key=tenant,
    reply=Changed,
    rejects=(
        LedgerRejection.RESERVATION_UNKNOWN,
        LedgerRejection.RESERVATION_RELEASED,
        LedgerRejection.RESERVATION_CHARGED,
    ),
    kind=Kind.PIVOT,
    effect=Effect.KAFKA,
)
def charge(document: Document) -> Mapping[str, Any]:
    """Spends what was set aside."""
    return _ledger(document, "CHARGE")


@saga.step(send="echo", kind=Kind.RETRIABLE, effect=Effect.KAFKA)
def publish(document: Document) -> Mapping[str, Any]:
    """A summary on the echo lane's topic, for whoever reads along there."""
    summary = {
        "document_id": document.document_id,
        "tenant": document.tenant,
        "credits": document.credits,
        "tokens": document.tokens,
        "digit": document.digit,
        "confidence": round(document.confidence, 4),
    }
    return {"payload": json.dumps(summary).encode()}


def _ledger(document: Document, operation: str, amount: int = 0) -> Mapping[str, Any]:
    return {
        "operation": operation,
        "tenant": document.tenant,
        "amount": amount,
        "reservation": document.document_id,
    }


saga.flow = seq(reserve, parallel(embed, classify), put, pivot(charge), publish)
