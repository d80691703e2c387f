"""A corpus gets one vector, the mean of its chunks', and stays in the index if a person approves in time.

embed each chunk -> put the mean into the index -> wait for approval -> announce it

A refusal takes the corpus out of the index again, and so does silence.
"""

import json
from array import array
from collections.abc import Mapping
from math import sqrt
from typing import Annotated, Any

from pydantic import Field

from sagas.definition import Saga
from sagas.durations import days
from sagas.flow import for_each, pivot, seq, wait_signal
from sagas.participants.index import Rejection as IndexRejection
from sagas.participants.index_request import MAX_DOCUMENT_ID
from sagas.policy import Effect, Kind
from sagas.records import ReplyRecord, SagaRecord
from sagas.undo import Done, InDoubt

MAX_CHUNKS = 500
MAX_CHUNK = 4_000
MAX_NOTE = 1_000
MOST_CHUNKS_STARTED = 5_000

Chunk = Annotated[str, Field(max_length=MAX_CHUNK)]


class Review(SagaRecord):
    """Starts a review. The saga's id is the corpus's; more than 500 chunks are refused by the loop's bound."""

    corpus_id: Annotated[str, Field(min_length=1, max_length=MAX_DOCUMENT_ID)]
    title: Annotated[str, Field(max_length=MAX_NOTE)]
    chunks: Annotated[tuple[Chunk, ...], Field(min_length=1, max_length=MOST_CHUNKS_STARTED)]


class Corpus(SagaRecord):
    """What is known so far. `total` is the sum of the vectors of `embedded` chunks, float32.

    The chunks leave it with the first reply: by then the loop has its own record of them.
    """

    corpus_id: str
    title: str
    chunks: tuple[str, ...]
    embedded: int = 0
    tokens: int = 0
    total: bytes = b""
    approved_by: str = ""
    note: str = ""


class Vector(ReplyRecord):
    """A chunk's embedding."""

    data: bytes


class Embedded(ReplyRecord):
    """What is wanted of a chunk's result."""

    embedding: Vector
    tokens: int


class Approval(SagaRecord):
    """A person's decision, the signal `approval`."""

    approved: bool
    by: Annotated[str, Field(min_length=1, max_length=MAX_NOTE)]
    note: Annotated[str, Field(max_length=MAX_NOTE)] = ""


def corpus_id(start: Review) -> str:
    """The saga's id."""
    return start.corpus_id


def begun(start: Review) -> Corpus:
    """The corpus with nothing known of it."""
    return Corpus(corpus_id=start.corpus_id, title=start.title, chunks=start.chunks)


saga = Saga(
    name="corpus-review",
    version=1,
    start=Review,
    data=Corpus,
    saga_id=corpus_id,
    initial=begun,
)


@saga.step(send="embed", reply=Embedded, kind=Kind.READ_ONLY)
def embed(corpus: Corpus, chunk: str) -> Mapping[str, Any]:
    """A chunk as a vector."""
    return {"text": chunk}


@embed.on_reply
def added(corpus: Corpus, chunk: str, reply: Embedded) -> Corpus:
    """The sum with one more vector."""
    vector, total = array("f", reply.embedding.data), array("f", corpus.total)
    summed = array("f", map(float.__add__, total, vector)) if total else vector
    return corpus.model_copy(
        update={
            "chunks": (),
            "embedded": corpus.embedded + 1,
            "tokens": corpus.tokens + reply.tokens,
            "total": summed.tobytes(),
        }
    )


@saga.step(send="index", rejects=(IndexRejection.DOCUMENT_EXISTS, IndexRejection.UNDONE))
def put(corpus: Corpus) -> Mapping[str, Any]:
    """The mean's direction into the index, under the corpus's id."""
    direction = _unit(array("f", corpus.total))
    return {
        "operation": "PUT",
        "document_id": corpus.corpus_id,
        "text": corpus.title,
        "metadata": {"chunks": str(corpus.embedded), "tokens": str(corpus.tokens)},
        "embedding": {"dtype": "float32", "shape": [len(direction)], "data": direction.tobytes()},
        "undo_of": "",
    }


@put.compensate(send="index")
def delete(corpus: Corpus, outcome: Done[Mapping[str, Any]] | InDoubt) -> Mapping[str, Any]:
    """Out of the index, and never into it by that very request, should it come late."""
    return {
        "operation": "DELETE",
        "document_id": corpus.corpus_id,
        "text": "",
        "metadata": {},
        "embedding": None,
        "undo_of": outcome.key,
    }


@saga.step(send="echo", kind=Kind.PIVOT, effect=Effect.KAFKA)
def announce(corpus: Corpus) -> Mapping[str, Any]:
    """Who approved what, on the echo lane's topic: once that is told, it stands."""
    said = {
        "corpus_id": corpus.corpus_id,
        "title": corpus.title,
        "chunks": corpus.embedded,
        "tokens": corpus.tokens,
        "approved_by": corpus.approved_by,
        "note": corpus.note,
    }
    return {"payload": json.dumps(said).encode()}


def is_approved(corpus: Corpus, approval: Approval) -> bool:
    """A refusal undoes what was done."""
    return approval.approved


def approved(corpus: Corpus, approval: Approval) -> Corpus:
    """The corpus with who approved it."""
    return corpus.model_copy(update={"approved_by": approval.by, "note": approval.note})


def chunks_of(corpus: Corpus) -> tuple[str, ...]:
    """What there is to embed."""
    return corpus.chunks


def _unit(vector: "array[float]") -> "array[float]":
    length = sqrt(sum(number * number for number in vector)) or 1.0
    return array("f", (number / length for number in vector))


saga.flow = seq(
    for_each(chunks_of, embed, max_items=MAX_CHUNKS, max_in_flight=32, item=str),
    put,
    wait_signal("approval", Approval, timeout_ms=days(3), accept=is_approved, on_signal=approved),
    pivot(announce),
)
