"""What an index does with a request: decided from what it holds; a repeat is safe, and an undo that comes first.

An answer is kept under the request's key. A DELETE that undoes a PUT which was never seen keeps the refusal under that
PUT's key: whatever comes late finds its answer there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import Any

from sagas.participants.index_request import Operation
from schemas.outcome import Code, Completed, Failed, Outcome


class Rejection(StrEnum):
    """Why an index refuses; nothing was done."""

    DOCUMENT_EXISTS = "DOCUMENT_EXISTS"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, kept under its key.

    `digest` is that of what it asked; None: it was undone before it came. `effect` says whether it changed the index.
    """

    document: str
    digest: str | None
    effect: bool
    refused: str | None = None


@dataclass(slots=True)
class Shelf:
    """What the index holds of some requests: answers by their key, and for each document the key of its PUT.

    Answering changes both, as the requests would change the index in this order.
    """

    answers: dict[str, Answer]
    owners: dict[str, str]
    new_answers: dict[str, Answer] = field(default_factory=dict)
    put: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)

    def answer(self, record: Mapping[str, Any]) -> Outcome:
        """The outcome of a checked IndexRequest's record; a request that was answered gets the same again."""
        key, document, digest = record["request_id"], record["document_id"], digest_of(record)
        known = self.answers.get(key)
        if known is not None:
            return outcome_of(known, document) if known.digest in (None, digest) else CONFLICT
        answer = self._act(record, digest)
        if isinstance(answer, Failed):
            return answer
        self._keep(key, answer)
        return outcome_of(answer, document)

    def _act(self, record: Mapping[str, Any], digest: str) -> Answer | Failed:
        document = record["document_id"]
        owner = self.owners.get(document)
        if record["operation"] == Operation.PUT:
            if owner == record["request_id"]:
                # Its answer was forgotten, its document was not: it is this request's own.
                return Answer(document, digest, effect=True)
            if owner is not None:
                return Answer(document, digest, effect=False, refused=Rejection.DOCUMENT_EXISTS)
            self.owners[document] = record["request_id"]
            self.put[document] = record
            return Answer(document, digest, effect=True)
        undone = record["undo_of"]
        if undone:
            seen = self.answers.get(undone)
            if seen is None:
                self._keep(undone, Answer(document, None, effect=False, refused=Rejection.UNDONE))
            elif seen.document != document:
                return not_its_document(undone, document)
        found = owner is not None and (not undone or owner == undone)
        if found:
            self._remove(document)
        return Answer(document, digest, effect=found)

    def _remove(self, document: str) -> None:
        owner = self.owners.pop(document)
        # One that this very batch put is in no database yet.
        if self.put.pop(document, None) is None:
            self.deleted[document] = owner

    def _keep(self, key: str, answer: Answer) -> None:
        self.answers[key] = self.new_answers[key] = answer


CONFLICT = Failed(
    Code.REQUEST_ID_CONFLICT,
    "another request with this request_id asked for something else; use a new request_id",
)


def not_its_document(undone: str, document: str) -> Failed:
    """The refusal of an undo that names a document which its PUT does not."""
    message = f"undo_of: {undone!r} is no request of document {document!r}; name the document that it put"
    return Failed(Code.INVALID_ARGUMENT, message, details={"field": "undo_of"})


def outcome_of(answer: Answer, document: str) -> Outcome:
    """The outcome that an answer stands for."""
    match answer.refused:
        case None:
            return Completed({"effect": answer.effect})
        case Rejection.DOCUMENT_EXISTS:
            message = f"document {document!r} was put by another request; delete it first"
        case _:
            message = f"this put of document {document!r} was undone before it came; nothing was done"
    return Failed(Rejection(answer.refused), message, details={"document_id": document})


def digest_of(record: Mapping[str, Any]) -> str:
    """What a request asks for, in 64 characters; a repeat asks for the same."""
    embedding = record["embedding"]
    asked = [
        record["operation"],
        record["document_id"],
        record["text"],
        sorted(record["metadata"].items()),
        None if embedding is None else [embedding["dtype"], embedding["shape"]],
        record["undo_of"],
    ]
    digest = sha256(dumps(asked, ensure_ascii=True).encode())
    if embedding is not None:
        digest.update(embedding["data"])
    return digest.hexdigest()


def keys_of(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """The keys whose answers bear on these requests."""
    return {key for record in records for key in (record["request_id"], record["undo_of"]) if key}
